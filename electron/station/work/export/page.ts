import type { DeidentifyOptions } from '../../../../shared/deidentify/options.ts'
import type { NewDataSet } from '../../../../shared/dicom/writer.ts'
import { whoseKey } from '../../../../shared/dicomdir/dicomdir.ts'
import type { DirectoryEntry } from '../../../../shared/dicomdir/records.ts'

/** A picture beside the objects, and what it is of. */
export interface PagePicture {
  SeriesInstanceUID: string
  /** From the page on. */
  address: string
  words: string
}

const STYLE =
  'body{background:#0a0a0a;color:#e6e6e6;font:14px/1.5 sans-serif;margin:24px}h1{font-size:20px}h2{font-size:17px;margin:28px 0 4px}' +
  'h3{font-size:14px;margin:16px 0 6px;font-weight:600}p{color:#9a9a9a;margin:0}figure{display:inline-block;margin:0 12px 12px 0;vertical-align:top}' +
  'img{max-width:256px;max-height:256px;background:#000;display:block}figcaption{color:#9a9a9a;font-size:12px;max-width:256px}'

const escaped = (text: string) => text.replace(/[&<>"']/g, mark => `&#${mark.charCodeAt(0)};`)

function textOf(values: NewDataSet, keyword: string): string {
  const value = values[keyword]
  return Array.isArray(value) ? value.filter(one => typeof one !== 'object').join(', ') : ''
}

const day = (date: string) => date.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3')
const nameWords = (name: string) =>
  name
    .split('=')
    .map(group => group.replace(/\^+/g, ' ').trim())
    .filter(Boolean)
    .join(' · ')

/** What lies on the medium, for somebody without a viewer: no script, nothing fetched from anywhere, every word escaped. */
export function indexPage(entries: readonly DirectoryEntry[], pictures: readonly PagePicture[]): string {
  const lines: string[] = []
  let patient = ''
  let study = ''
  const counts = new Map<string, number>()
  for (const { series } of entries) {
    const uid = textOf(series, 'SeriesInstanceUID')
    counts.set(uid, (counts.get(uid) ?? 0) + 1)
  }
  const told = new Set<string>()
  for (const entry of entries) {
    const uid = textOf(entry.series, 'SeriesInstanceUID')
    if (told.has(uid)) continue
    told.add(uid)
    const who = textOf(entry.patient, 'PatientID')
    const key = whoseKey(entry.patient, entry.study)
    if (key !== patient) {
      const name = nameWords(textOf(entry.patient, 'PatientName')) || 'Without a name'
      const facts = [who, day(textOf(entry.patient, 'PatientBirthDate')), textOf(entry.patient, 'PatientSex')]
      lines.push(`<h1><bdi>${escaped(name)}</bdi></h1><p>${escaped(facts.filter(Boolean).join(' · '))}</p>`)
      study = ''
    }
    patient = key
    const which = textOf(entry.study, 'StudyInstanceUID')
    if (which !== study) {
      const words = [day(textOf(entry.study, 'StudyDate')), textOf(entry.study, 'StudyDescription')].filter(Boolean)
      const accession = textOf(entry.study, 'AccessionNumber')
      lines.push(`<h2><bdi>${escaped(words.join(' · ') || 'Study')}</bdi></h2><p>${escaped(accession)}</p>`)
    }
    study = which
    const number = textOf(entry.series, 'SeriesNumber')
    const head = [textOf(entry.series, 'Modality'), number, textOf(entry.series, 'SeriesDescription')].filter(Boolean)
    const files = counts.get(uid) ?? 0
    lines.push(`<h3><bdi>${escaped(head.join(' · '))}</bdi> (${files} ${files === 1 ? 'file' : 'files'})</h3>`)
    for (const picture of pictures.filter(one => one.SeriesInstanceUID === uid)) {
      const { address, words } = picture
      lines.push(
        `<figure><img src="${escaped(address)}" alt="${escaped(words)}"><figcaption>${escaped(words)}</figcaption></figure>`,
      )
    }
  }
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="referrer" content="no-referrer">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'">`,
    `<title>Images</title><style>${STYLE}</style></head><body>`,
    ...lines,
    '<p style="margin-top:32px">These pictures are for orientation, not for diagnosis. The images themselves are in the folder DICOM.</p>',
    '</body></html>',
    '',
  ].join('\n')
}

const TAKEN_OUT = {
  removed: 'Names, identifiers and dates were taken out of the data',
  shifted: 'Names and identifiers were taken out of the data and its dates moved',
  kept: 'Names and identifiers were taken out of the data, its dates were not',
} as const

/** For whoever finds the medium: what it is, what to do with it, and what was left out. */
export function readmeText(facts: {
  files: number
  /** In whose pixels something was made black: they are decoded, and leave uncompressed. */
  blackened: number
  deidentified: Pick<DeidentifyOptions, 'dates'> | null
  leftOut: readonly string[]
}): string {
  const { deidentified, blackened } = facts
  const pixels =
    blackened === 0
      ? 'Nothing was taken out of the pixels.'
      : `In ${blackened} of them a part of the pixels was made black.`
  const lines = [
    'This folder holds medical images in DICOM format (ISO 12052).',
    '',
    '  DICOMDIR    the directory: open it with a DICOM viewer, or import the whole folder',
    '  DICOM       the images and documents, one file each',
    '  INDEX.HTM   a list with small pictures, for a browser; not for diagnosis',
    '',
    `${facts.files} files, each in the form in which it is kept${blackened === 0 ? '' : ', or uncompressed'}; the directory names the transfer syntax of each.`,
    ...(deidentified
      ? [`${TAKEN_OUT[deidentified.dates]} (DICOM PS3.15 annex E). ${pixels}`]
      : ['They hold a person’s name and history: keep them as you would keep a letter.']),
    ...(facts.leftOut.length > 0 ? ['', `Left out (${facts.leftOut.length}):`, ...facts.leftOut.slice(0, 1000)] : []),
    '',
  ]
  return lines.join('\r\n')
}
