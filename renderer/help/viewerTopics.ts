import type { Topic } from './topic.ts'

export const VIEWER_TOPICS: readonly Topic[] = [
  {
    id: 'look',
    room: 'viewer',
    title: { en: 'Scroll, zoom, window', de: 'Blättern, zoomen, fenstern' },
    text: {
      en: [
        'The wheel is one image a notch, with Shift ten. Right drag is always window/level: right is wider, down is higher, Shift is finer. Middle drag pans, Ctrl+wheel zooms about the pointer. Left drag is the tool in hand.',
        'The digits are the modality’s windows, 0 is as stored. A window sticks to its series.',
        'The number on a pane belongs to the pixels on it: an image that is on its way says “loading 41” and is never shown as another.',
      ],
      de: [
        'Das Rad ist ein Bild je Raste, mit Umschalt zehn. Ziehen mit rechts ist immer Fensterung: rechts ist weiter, unten ist höher, mit Umschalt feiner. Ziehen mit der Mitte verschiebt, Strg+Rad zoomt um den Zeiger. Ziehen mit links ist das Werkzeug in der Hand.',
        'Die Ziffern sind die Fenster der Modalität, 0 ist wie gespeichert. Ein Fenster bleibt bei seiner Serie.',
        'Die Nummer auf einer Fläche gehört zu den Pixeln darauf: Ein Bild, das unterwegs ist, meldet „lädt 41“ und steht nie unter einer anderen Nummer.',
      ],
    },
    actions: ['tool-window', 'fit', 'one-to-one', 'invert', 'window-stored'],
  },
  {
    id: 'hang',
    room: 'viewer',
    title: { en: 'Hang and compare', de: 'Hängen und vergleichen' },
    text: {
      en: [
        'Drag a series from the strip onto a pane, or double click it for the active one. The patient’s other studies stand below; one that hangs beside has its date in amber, another patient a band over the pane.',
        'Panes of one frame of reference scroll together by position. The crosshair and Shift+click bring the others to the same point. MPR shows the three planes of a volume.',
      ],
      de: [
        'Eine Serie aus der Leiste auf eine Fläche ziehen, oder Doppelklick für die aktive. Weitere Untersuchungen der Person stehen darunter; hängt eine daneben, ist ihr Datum gelb, eine andere Person hat ein Band über der Fläche.',
        'Flächen mit gleichem Bezugssystem blättern gemeinsam nach der Position. Fadenkreuz und Umschalt+Klick bringen die anderen zum selben Punkt. MPR zeigt die drei Ebenen eines Volumens.',
      ],
    },
    actions: ['layout', 'one-up', 'linked', 'tool-crosshair', 'mpr', 'reference-lines'],
  },
  {
    id: 'measure',
    room: 'viewer',
    title: { en: 'Measure', de: 'Messen' },
    text: {
      en: [
        'Take a tool, press and drag, or click by click. After one use the tool before it comes back; take it twice and it stays. A mark’s points are image coordinates: turning, mirroring and zooming cannot change a figure.',
        'Values are those of the file, before the window, not those of the screen. Marks are kept as you make them and can be taken back one by one.',
      ],
      de: [
        'Werkzeug nehmen, drücken und ziehen, oder Klick für Klick. Nach einmaligem Gebrauch kommt das vorige zurück; zweimal genommen bleibt es. Die Punkte sind Bildkoordinaten: Drehen, Spiegeln und Zoomen ändern keine Zahl.',
        'Werte sind die der Datei, vor der Fensterung, nicht die des Bildschirms. Markierungen werden beim Entstehen festgehalten und lassen sich einzeln zurücknehmen.',
      ],
    },
    actions: ['mark-length', 'mark-ellipse', 'mark-angle', 'mark-probe', 'mark-list', 'mark-undo'],
  },
  {
    id: 'trust',
    room: 'viewer',
    title: { en: 'Which figures can I trust?', de: 'Welchen Zahlen kann ich trauen?' },
    text: {
      en: [
        'mm without a note: the file gives the distance of its pixels in the patient. “calibrated”: it was calibrated by the modality.',
        '“at detector”: a projection measured where the detector is; in the patient it is smaller, by an unknown magnification. “estimated, magnification …”: the file’s own estimate was used. “on film”: the scanned film, not the patient. “at isocentre”: right in that plane only.',
        'px and “uncalibrated”: the file does not say, so there are no millimetres. “by hand”: somebody calibrated it here; it stands on every figure.',
        'LOSSY: the picture was compressed with loss, before it came or on the way. Fine detail and values may differ from what was acquired.',
        'SUV is shown only where weight, dose, half life and times allow it; else the pane says what is missing and shows what is stored.',
        'The measurement self-test proves this machine on phantoms with known answers; what fails cannot be used.',
      ],
      de: [
        'mm ohne Zusatz: Die Datei nennt den Abstand ihrer Pixel im Patienten. „calibrated“: von der Modalität kalibriert.',
        '„at detector“: eine Projektion, gemessen am Detektor; im Patienten ist es kleiner, um eine unbekannte Vergrößerung. „estimated, magnification …“: mit der Schätzung der Datei. „on film“: der gescannte Film, nicht der Patient. „at isocentre“: richtig nur in dieser Ebene.',
        'px und „nicht kalibriert“: Die Datei sagt es nicht, also gibt es keine Millimeter. „von Hand“: hier kalibriert; es steht an jeder Zahl.',
        'LOSSY: Das Bild wurde verlustbehaftet komprimiert, vorher oder unterwegs. Feine Details und Werte können von der Aufnahme abweichen.',
        'SUV gibt es nur, wo Gewicht, Dosis, Halbwertszeit und Zeiten es erlauben; sonst sagt die Fläche, was fehlt, und zeigt das Gespeicherte.',
        'Der Selbsttest der Messung prüft diesen Rechner an Phantomen mit bekannten Antworten; was durchfällt, ist gesperrt.',
      ],
    },
    actions: ['self-test', 'mark-calibrate', 'header'],
  },
  {
    id: 'seen',
    room: 'viewer',
    title: { en: 'What have I seen, what is missing?', de: 'Was habe ich gesehen, was fehlt?' },
    text: {
      en: [
        'The bar at a pane’s right edge: grey is loaded, teal was seen, amber is a gap between slices. Seen is what stood on the screen for 80 ms at a quarter of its size or more.',
        '“2 missing” beside the name: a list of the modality or archive names images that did not come. Without any such list it is only said that it looks complete.',
      ],
      de: [
        'Der Balken am rechten Rand: grau ist geladen, türkis gesehen, gelb eine Lücke zwischen Schichten. Gesehen ist, was 80 ms in mindestens einem Viertel seiner Größe stand.',
        '„2 fehlen“ neben dem Namen: Eine Liste der Modalität oder des Archivs nennt Bilder, die nicht kamen. Ohne solche Liste heißt es nur, dass es vollständig aussieht.',
      ],
    },
    actions: ['image-unseen', 'study-custody'],
  },
]
