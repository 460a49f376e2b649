import type { Topic } from './topic.ts'

export const WORKLIST_TOPICS: readonly Topic[] = [
  {
    id: 'find-study',
    room: 'worklist',
    title: { en: 'Find a study', de: 'Eine Untersuchung finden' },
    text: {
      en: [
        'Type: what is typed on the list searches. Parts of the name or description in any order, or the beginning of an ID or accession number. A barcode that meets one study opens it.',
        'The chips above the list hold together: date, modality, reading status, priority. What is hidden by them is counted at the right and shown at a click.',
        'Not here? Ask another archive; what is found there can be fetched.',
      ],
      de: [
        'Einfach tippen: Buchstaben auf der Liste suchen. Teile des Namens oder der Beschreibung in beliebiger Reihenfolge oder der Anfang einer ID oder Auftragsnummer. Ein Barcode, der genau eine Untersuchung trifft, öffnet sie.',
        'Die Filter über der Liste gelten gemeinsam: Datum, Modalität, Lesestatus, Priorität. Was sie ausblenden, wird rechts gezählt und mit einem Klick gezeigt.',
        'Nicht hier? Ein anderes Archiv fragen; was dort gefunden wird, lässt sich holen.',
      ],
    },
    actions: ['list-search', 'list-unfiltered', 'list-elsewhere'],
  },
  {
    id: 'read-list',
    room: 'worklist',
    title: { en: 'Read through a list', de: 'Eine Liste abarbeiten' },
    text: {
      en: [
        'Open the first study with Enter or a double click, then go on to the next: the order is the one that stood when you opened it, whatever arrives meanwhile. The next study is loaded ahead.',
        'Opening never marks a study as read. Read, and next study does; what was not seen of it is said, or asked for first if you set so under Settings › Reading.',
        'A filter you use daily is kept as a list: save it, and it has a key.',
      ],
      de: [
        'Die erste Untersuchung mit Enter oder Doppelklick öffnen, dann zur nächsten weitergehen: Es gilt die Reihenfolge vom Öffnen, was auch immer inzwischen eintrifft. Die nächste Untersuchung wird im Voraus geladen.',
        'Öffnen markiert nie als gelesen. Das tut „Gelesen und zur nächsten“; was davon nicht gesehen wurde, wird gesagt oder, wenn unter Einstellungen › Befunden so gewählt, vorher gefragt.',
        'Ein täglich gebrauchter Filter wird als Liste gesichert und bekommt eine Taste.',
      ],
    },
    actions: ['row-open', 'study-next', 'read-and-next', 'list-save'],
  },
  {
    id: 'status',
    room: 'worklist',
    title: { en: 'Reading status and priority', de: 'Lesestatus und Priorität' },
    text: {
      en: [
        'A full mark is new, a hollow one opened and not read, none is read. A dot in it: somebody has it open now.',
        'STAT and Urgent stand in the list and in filters. Every mark can be taken back.',
      ],
      de: [
        'Ein voller Punkt ist neu, ein hohler geöffnet und nicht gelesen, keiner gelesen. Ein Punkt darin: Jemand hat sie gerade offen.',
        'STAT und Eilig stehen in der Liste und in den Filtern. Jede Markierung lässt sich zurücknehmen.',
      ],
    },
    actions: ['row-toggle-read', 'row-new', 'row-stat', 'row-urgent', 'list-undo'],
  },
  {
    id: 'get-in',
    room: 'worklist',
    title: { en: 'Get images in', de: 'Bilder hereinholen' },
    text: {
      en: [
        'Point a scanner or another PACS at this station: AE title, address and port stand in the status line and in Settings › Network. What arrives shows within a second; success is said to the sender only when it is safe on the disk.',
        'From a disc or folder: Import. Folders that others write into are watched under Settings › Folders.',
      ],
      de: [
        'Ein Gerät oder ein anderes PACS auf diese Station richten: AE-Titel, Adresse und Port stehen in der Statuszeile und unter Einstellungen › Netzwerk. Was eintrifft, erscheint binnen einer Sekunde; Erfolg wird dem Sender erst gemeldet, wenn es sicher auf der Platte liegt.',
        'Von CD oder Ordner: Importieren. Ordner, in die andere schreiben, werden unter Einstellungen › Ordner überwacht.',
      ],
    },
    actions: ['import', 'activity'],
  },
  {
    id: 'send',
    room: 'worklist',
    title: { en: 'Send a study, and see where it is', de: 'Eine Untersuchung senden und sehen, wo sie ist' },
    text: {
      en: [
        'Send to… names the nodes you know. A chip in the list means: not proved to be on every archive where it belongs. On the server… says where, by which proof, and what was refused.',
        'A study without a chip is proved to be there: sent alone is not called so.',
      ],
      de: [
        '„Senden an…“ nennt die bekannten Knoten. Ein Zeichen in der Liste heißt: nicht bewiesen auf jedem Archiv, auf das sie gehört. „Auf dem Server…“ sagt wo, mit welchem Beweis und was abgelehnt wurde.',
        'Eine Untersuchung ohne Zeichen ist dort bewiesen: bloß gesendet heißt hier nicht so.',
      ],
    },
    actions: ['row-send', 'row-custody', 'refused'],
  },
  {
    id: 'delete',
    room: 'worklist',
    title: { en: 'Delete, move, take back', de: 'Löschen, verschieben, zurücknehmen' },
    text: {
      en: [
        'Deleting asks for a reason and can be taken back at once, or later from Deleted. Only purging there is final; it asks for a word and says what will be gone.',
        'A study that belongs to somebody else is moved. The received files stay as they came; the correction lies over them.',
      ],
      de: [
        'Löschen fragt nach einem Grund und lässt sich sofort zurücknehmen, oder später unter „Gelöscht“. Nur das endgültige Entfernen dort ist endgültig; es verlangt ein Wort und sagt, was weg sein wird.',
        'Eine Untersuchung, die jemand anderem gehört, wird verschoben. Die empfangenen Dateien bleiben, wie sie kamen; die Korrektur liegt darüber.',
      ],
    },
    actions: ['row-delete', 'row-move', 'list-deleted', 'list-same', 'list-undo'],
  },
]
