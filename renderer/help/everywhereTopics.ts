import type { Topic } from './topic.ts'

export const EVERYWHERE_TOPICS: readonly Topic[] = [
  {
    id: 'find-action',
    room: 'everywhere',
    title: { en: 'Find anything by its name', de: 'Alles beim Namen finden' },
    text: {
      en: [
        'One key in every room: type beginnings of words in any order, in English or German; Enter does it. Settings pages and lists are found, too. What was done lately stands first.',
        'What cannot be done now is found all the same and says why. The context menu (right click) has the same things in groups; letters jump to what begins with them.',
      ],
      de: [
        'Eine Taste in jedem Raum: Wortanfänge in beliebiger Reihenfolge tippen, deutsch oder englisch; Enter führt aus. Auch Einstellungsseiten und Listen werden gefunden. Zuletzt Getanes steht vorn.',
        'Was gerade nicht geht, wird trotzdem gefunden und sagt warum. Das Kontextmenü (Rechtsklick) hat dasselbe in Gruppen; Buchstaben springen zu dem, was so beginnt.',
      ],
    },
    actions: ['palette', 'keys', 'menu'],
  },
  {
    id: 'offline',
    room: 'everywhere',
    title: { en: 'How do I read without the network?', de: 'Wie befunde ich ohne Netz?' },
    text: {
      en: [
        'As always: images, marks and reading status are in this station, not on the server. What still has to go out waits on the disk and goes by itself when the server is back; the status line says so.',
        'Beforehand: Keep here holds a study, Get from the archive fetches one. Activity lists what is not here while an archive is away.',
      ],
      de: [
        'Wie immer: Bilder, Markierungen und Lesestatus liegen in dieser Station, nicht auf dem Server. Was noch hinaus muss, wartet auf der Platte und geht von selbst, wenn der Server zurück ist; die Statuszeile sagt es.',
        'Vorher: „Hier behalten“ hält eine Untersuchung fest, „Aus dem Archiv holen“ holt eine. Aktivität zeigt, was nicht hier ist, solange ein Archiv fehlt.',
      ],
    },
    actions: ['row-keep', 'row-get', 'activity'],
  },
  {
    id: 'own-keys',
    room: 'everywhere',
    title: { en: 'Use the keys my hand knows', de: 'Die Tasten nehmen, die meine Hand kennt' },
    text: {
      en: [
        'Settings › Keys: sets of other viewers, and any key for any action. A key that is taken is swapped and can be taken back. They are kept with you and hold in every window.',
      ],
      de: [
        'Einstellungen › Tasten: Sätze anderer Programme und jede Taste für jede Aktion. Eine vergebene Taste wird getauscht und lässt sich zurücknehmen. Sie gehören zur Person und gelten in jedem Fenster.',
      ],
    },
    actions: ['settings', 'keys'],
  },
  {
    id: 'see-better',
    room: 'everywhere',
    title: { en: 'Language, text size, contrast', de: 'Sprache, Schriftgröße, Kontrast' },
    text: {
      en: [
        'Settings › Display has language and contrast. Text grows to 150 % apart from the images. High contrast changes the interface alone: no grey of a picture is touched.',
        'Everything is reached with the keyboard: Tab goes from control to control, arrows walk within lists and menus, Esc closes what lies on top and never a study.',
      ],
      de: [
        'Einstellungen › Anzeige hat Sprache und Kontrast. Schrift wächst bis 150 %, unabhängig von den Bildern. Hoher Kontrast ändert nur die Oberfläche: kein Grauwert eines Bildes wird berührt.',
        'Alles geht mit der Tastatur: Tab führt von Element zu Element, Pfeile durch Listen und Menüs, Esc schließt, was zuoberst liegt, und nie eine Untersuchung.',
      ],
    },
    actions: ['settings', 'text-larger', 'text-smaller', 'high-contrast'],
  },
  {
    id: 'is-this-right',
    room: 'everywhere',
    title: { en: 'Is this display all right?', de: 'Ist diese Anzeige in Ordnung?' },
    text: {
      en: [
        'The test picture has grey steps and fine patterns to look at. Output has 8 bits; the monitor’s own calibration is not replaced.',
        'Problems of the station are counted in the status line; Activity says what each means for the images and what to do.',
      ],
      de: [
        'Das Testbild hat Graustufen und feine Muster zum Prüfen. Ausgegeben werden 8 Bit; die Kalibrierung des Monitors wird nicht ersetzt.',
        'Störungen der Station zählt die Statuszeile; Aktivität sagt, was jede für die Bilder bedeutet und was zu tun ist.',
      ],
    },
    actions: ['test-picture', 'self-test', 'activity'],
  },
]
