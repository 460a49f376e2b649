import type { Topic } from './topic.ts'

/** What a reader makes of a study: comparisons, objects, reports, and what leaves the station. */
export const READING_TOPICS: readonly Topic[] = [
  {
    id: 'save',
    room: 'viewer',
    title: { en: 'What is kept, and what is saved?', de: 'Was bleibt erhalten, was wird gesichert?' },
    text: {
      en: [
        'Marks, key images, windows and the layout are kept in the station, for you alone, as soon as the hand lets go. While the station cannot be reached the pane says “not kept yet”, and they follow when it is back.',
        'Saving makes objects of the study of them: a measurement report, a selection of key images, presentation states with shutters, the layout, segmentations. They go to the archives like any image and are read by other programs. Each save is a new version beside the one before; nothing received and nothing saved is ever changed.',
        'Marking a study as read saves what is not saved yet; Settings › Reading switches that off. Marks on reformats stay in the station: no stored image has them. A newer version of yours from elsewhere is offered in the list of marks.',
      ],
      de: [
        'Markierungen, Schlüsselbilder, Fenster und Aufteilung hält die Station fest, nur für Sie, sobald die Hand loslässt. Ist die Station nicht erreichbar, meldet die Fläche „noch nicht festgehalten“, und es folgt, wenn sie zurück ist.',
        'Sichern macht daraus Objekte der Untersuchung: einen Messbericht, eine Auswahl von Schlüsselbildern, Präsentationszustände mit Blenden, die Aufteilung, Segmentierungen. Sie gehen an die Archive wie jedes Bild und sind für andere Programme lesbar. Jedes Sichern ist eine neue Fassung neben der vorigen; Empfangenes und Gesichertes wird nie geändert.',
        'Wird eine Untersuchung als gelesen markiert, wird gesichert, was es noch nicht ist; Einstellungen › Befunden schaltet das ab. Markierungen auf Rekonstruktionen bleiben in der Station: Kein gespeichertes Bild hat sie. Eine neuere eigene Fassung von anderswo bietet die Liste der Markierungen an.',
      ],
    },
    actions: ['save', 'save-take', 'shutter', 'key-image', 'mark-list', 'key-images-only'],
  },
  {
    id: 'protocols',
    room: 'viewer',
    title: { en: 'Hang by protocol', de: 'Nach Protokoll hängen' },
    text: {
      en: [
        'As a study opens, the best fitting protocol says what hangs where: yours before those that ship. The mark beside the layout names it, its stage and why. A pane that shows something is never changed by a rule, and a layout you change is yours for that study.',
        'Arrange a study as you like it and save what you see: choose for which studies it holds, and it is tried on this one before it is kept. Settings › Hanging edits, exports and imports protocols, or switches them off. Another window shows the next stage.',
      ],
      de: [
        'Beim Öffnen sagt das am besten passende Protokoll, was wo hängt: eigene vor mitgelieferten. Die Angabe neben der Aufteilung nennt es, seine Stufe und den Grund. Eine Fläche, die etwas zeigt, ändert keine Regel, und eine Aufteilung, die Sie ändern, bleibt die Ihre für diese Untersuchung.',
        'Eine Untersuchung nach Wunsch anordnen und die Ansicht sichern: wählen, für welche Untersuchungen es gilt; vorher wird es an dieser geprüft. Einstellungen › Hängung bearbeitet, exportiert und importiert Protokolle oder schaltet sie ab. Ein weiteres Fenster zeigt die nächste Stufe.',
      ],
    },
    actions: ['protocols', 'stage-next', 'stage-previous', 'protocol-save', 'another-window'],
  },
  {
    id: 'compare',
    room: 'viewer',
    title: { en: 'Compare with a prior', de: 'Mit einer Voruntersuchung vergleichen' },
    text: {
      en: [
        'The list of the patient’s studies has those here and those that your archives name under the same ID; comparable ones stand first. One press hangs the best matching series beside the active pane, or fetches the study.',
        'Panes go together by place, by position or by part of the stack; the corner says how, with the offset in millimetres. The wheel with Alt moves one pane alone, and it is linked from there.',
        'Two series in one picture: swipe between them, or subtract values of one unit. What was resampled or laid on by hand is said in the picture. Another patient’s pane is never linked or compared.',
      ],
      de: [
        'Die Liste der Untersuchungen einer Person hat die hier liegenden und die, die Ihre Archive unter derselben ID nennen; vergleichbare stehen vorn. Ein Druck hängt die am besten passende Serie neben die aktive Fläche oder holt die Untersuchung.',
        'Flächen gehen gemeinsam nach Ort, nach Position oder nach Anteil des Stapels; die Ecke sagt wie, mit dem Versatz in Millimetern. Das Rad mit Alt bewegt eine Fläche allein, und von dort an ist sie gekoppelt.',
        'Zwei Serien in einem Bild: dazwischen wischen oder Werte einer Einheit subtrahieren. Was umgerechnet oder von Hand aufgelegt ist, steht im Bild. Die Fläche einer anderen Person wird nie gekoppelt oder verglichen.',
      ],
    },
    actions: ['priors', 'link-mode', 'compare', 'linked'],
  },
  {
    id: 'report',
    room: 'viewer',
    title: { en: 'Write and sign a report', de: 'Einen Bericht schreiben und unterschreiben' },
    text: {
      en: [
        'The report stands beside the images and is kept as you type. Tab walks the fields of the template, then its sections; macros of Settings › Reporting open behind their names, and “.m” inserts a measurement that follows its mark.',
        'It is written and signed only while an image of its study is in front. A signed text is never changed: an addendum follows it. Text and PDF are stored in the study; until they are, the pane says so and offers it again.',
        'To other systems a signed report goes as HL7, over a connection (MLLP) or into a folder: Settings › Reporting names them and shows what waits, was taken or refused. What is not taken is tried again for a week, also after a restart.',
      ],
      de: [
        'Der Bericht steht neben den Bildern und bleibt beim Tippen erhalten. Tab führt durch die Felder der Vorlage, dann durch die Abschnitte; Textbausteine aus Einstellungen › Berichte öffnen sich hinter ihrem Namen, und „.m“ fügt ein Maß ein, das seiner Markierung folgt.',
        'Geschrieben und unterschrieben wird nur, solange ein Bild seiner Untersuchung vorn ist. Ein unterschriebener Text wird nie geändert: Ein Nachtrag folgt ihm. Text und PDF werden in der Untersuchung abgelegt; bis dahin sagt es die Fläche und bietet es wieder an.',
        'An andere Systeme geht ein unterschriebener Bericht als HL7, über eine Verbindung (MLLP) oder in einen Ordner: Einstellungen › Berichte nennt sie und zeigt, was wartet, angenommen oder abgelehnt wurde. Was nicht angenommen wird, wird eine Woche lang wieder versucht, auch nach einem Neustart.',
      ],
    },
    actions: ['report', 'report-caret', 'report-sign'],
  },
  {
    id: 'give-out',
    room: 'viewer',
    title: { en: 'Export, print, de-identify', de: 'Exportieren, drucken, de-identifizieren' },
    text: {
      en: [
        'Pictures: a pane as it is seen, all panes, the image pixel for pixel, or a stack as a film. The patient’s name is left out unless you ask for it. Printing shows each sheet before; no sheet is for diagnosis.',
        'Films: with a DICOM printer in Settings › Network the print dialog offers it beside paper and PDF. A film has no head, so each picture has its line below; how the printer does is in Activity.',
        'Studies: a ZIP with DICOMDIR, as they are or de-identified after DICOM PS3.15 annex E with the options you choose. Names written into pixels are not found by any program: images of a kind that often has them are counted before, and you have to look. What you draw on the first image of a series is made black in all of its images; of ultrasound, all outside its own regions.',
      ],
      de: [
        'Bilder: eine Fläche, wie sie zu sehen ist, alle Flächen, das Bild Pixel für Pixel oder ein Stapel als Film. Der Name der Person bleibt weg, außer Sie wollen ihn. Vor dem Druck ist jedes Blatt zu sehen; kein Blatt dient der Befundung.',
        'Filme: Mit einem DICOM-Drucker in Einstellungen › Netzwerk bietet ihn der Druckdialog neben Papier und PDF an. Ein Film hat keinen Kopf, also steht unter jedem Bild seine Zeile; wie es dem Drucker geht, steht unter Aktivität.',
        'Untersuchungen: ein ZIP mit DICOMDIR, wie sie sind oder de-identifiziert nach DICOM PS3.15, Anhang E, mit den gewählten Optionen. Namen in den Pixeln findet kein Programm: Bilder von einer Art, die oft welche hat, werden vorher gezählt, und ansehen müssen Sie sie selbst. Was Sie auf dem ersten Bild einer Serie zeichnen, wird in allen ihren Bildern schwarz; bei Ultraschall alles außerhalb seiner eigenen Bereiche.',
      ],
    },
    actions: ['export-pictures', 'print', 'export-studies'],
  },
  {
    id: 'segment',
    room: 'viewer',
    title: { en: 'Draw segments', de: 'Segmente zeichnen' },
    text: {
      en: [
        'Brush, eraser, a brush that keeps to a range of values, growing from a click, scissors; between slices they are interpolated. The panel has names, codes, colours, locks and volumes. A voxel is of one segment at most.',
        'Segments are drawn on the images themselves. A volume needs slices of one known distance with none missing; otherwise it says “no volume”. Unsaved work is kept on the station; saving makes a DICOM segmentation of it, and a stored one can be gone on with as a copy.',
      ],
      de: [
        'Pinsel, Radierer, ein Pinsel, der in einem Wertebereich bleibt, Wachsen ab einem Klick, Schere; zwischen Schichten wird interpoliert. Das Panel hat Namen, Codes, Farben, Sperren und Volumina. Ein Voxel gehört zu höchstens einem Segment.',
        'Segmente werden auf den Bildern selbst gezeichnet. Ein Volumen braucht Schichten in einem bekannten Abstand, keine darf fehlen; sonst steht „kein Volumen“ da. Ungesichertes bleibt auf der Station erhalten; Sichern macht eine DICOM-Segmentierung daraus, und mit einer gespeicherten geht es als Kopie weiter.',
      ],
    },
    actions: ['segments', 'segment-brush', 'segment-erase', 'segment-grow', 'segment-interpolate', 'save'],
  },
  {
    id: 'curved',
    room: 'viewer',
    title: { en: 'Straighten a spine or vessel', de: 'Wirbelsäule oder Gefäß begradigen' },
    text: {
      en: [
        'Begin a curved reformat, click along the line on any slice or plane, and take the same action again: the straightened picture hangs beside, in views turned about the line.',
        'Millimetres are true along the line and straight across it. Lengths and values are measured there; areas and angles are refused. The curve goes when the study is left.',
      ],
      de: [
        'Die gekrümmte Rekonstruktion beginnen, auf beliebiger Schicht oder Ebene entlang der Linie klicken und dieselbe Aktion noch einmal nehmen: Das begradigte Bild hängt daneben, in Ansichten, die um die Linie gedreht sind.',
        'Millimeter stimmen entlang der Linie und quer zu ihr. Längen und Werte gibt es dort; Flächen und Winkel werden verweigert. Die Kurve vergeht, wenn die Untersuchung verlassen wird.',
      ],
    },
    actions: ['curved', 'slab-thicker', 'slab-thinner'],
  },
  {
    id: 'key-pointer',
    room: 'viewer',
    title: { en: 'Point and draw with keys alone', de: 'Nur mit Tasten zeigen und zeichnen' },
    text: {
      en: [
        'A pointer for the active pane that the arrows move: with Shift finely, with Ctrl far. Enter clicks, Shift+Enter holds the button and lets go of it. So every tool is within reach of the keyboard, drags too. Esc puts the pointer away.',
      ],
      de: [
        'Ein Zeiger für die aktive Fläche, den die Pfeile bewegen: mit Umschalt fein, mit Strg weit. Enter klickt, Umschalt+Enter hält die Maustaste und lässt sie los. So ist jedes Werkzeug mit der Tastatur erreichbar, auch das Ziehen. Esc legt den Zeiger weg.',
      ],
    },
    actions: ['key-pointer', 'tool-window', 'mark-length'],
  },
]
