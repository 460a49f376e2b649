import type { DataSet } from '../../dicom/reader.ts'

/** A document inside a DICOM object (PS3.3 C.24). */
export interface EncapsulatedDocument {
  /** As the object says, in lower case; '' where it does not. */
  type: string
  title: string
  date: string
  time: string
  bytes: Uint8Array
}

/** Undefined where the object holds none. The last byte is a padding where the length says so. */
export function readEncapsulated(dataSet: DataSet): EncapsulatedDocument | undefined {
  const value = dataSet.bytes('EncapsulatedDocument')
  if (value === undefined || value.length === 0) return undefined
  const length = dataSet.number('EncapsulatedDocumentLength')
  const bytes = length === value.length - 1 ? value.subarray(0, -1) : value
  return {
    type: dataSet.string('MIMETypeOfEncapsulatedDocument').toLowerCase(),
    title: dataSet.string('DocumentTitle'),
    date: dataSet.string('ContentDate'),
    time: dataSet.string('ContentTime'),
    bytes,
  }
}

/** A paragraph of a clinical document: its level counts from 1 where it is a heading, 0 is text. */
export interface Paragraph {
  level: number
  text: string
}

const MOST_XML = 8 * 2 ** 20
const MOST_PARAGRAPHS = 20_000
const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }
/** What ends a line of text in a CDA narrative block (HL7 CDA R2, §4.3.5). */
const BLOCKS = new Set(['paragraph', 'item', 'tr', 'caption', 'br', 'text', 'title', 'list', 'table', 'th', 'td'])

function plain(text: string): string {
  return text.replace(/&(#x[0-9a-f]{1,6}|#[0-9]{1,7}|[a-z]{1,8});/gi, (whole, name: string) => {
    if (!name.startsWith('#')) return ENTITIES[name.toLowerCase()] ?? whole
    const code = name[1] === 'x' || name[1] === 'X' ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1))
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ''
  })
}

/** Texts, and what stands in tags, in order; each character is looked at once: what is never closed ends the document. */
function* markup(xml: string): Generator<{ text?: string; tag?: string }> {
  for (let at = 0; at < xml.length; ) {
    const open = xml.indexOf('<', at)
    const text = xml.slice(at, open === -1 ? xml.length : open)
    if (text !== '') yield { text: plain(text) }
    if (open === -1) return
    const isData = xml.startsWith('<![CDATA[', open)
    const [begin, end] = isData ? [9, ']]>'] : xml.startsWith('<!--', open) ? [4, '-->'] : [1, '>']
    const close = xml.indexOf(end, open + begin)
    if (close === -1) return
    const inside = xml.slice(open + begin, close)
    if (isData) yield { text: inside }
    else if (begin === 1) yield { tag: inside }
    at = close + end.length
  }
}

/**
 * The narrative of a CDA document: its title, and of each section title and text. Nothing in it is run, loaded or styled: what is
 * no text is left out. Declared entities are not expanded.
 */
export function readClinicalDocument(bytes: Uint8Array): Paragraph[] {
  const xml = new TextDecoder().decode(bytes.subarray(0, MOST_XML))
  const found: Paragraph[] = []
  let depth = 0
  let level = 0
  let inText = 0
  let line = ''
  let isSaid = false
  const end = () => {
    const text = withoutLastDots(line.replace(/\s+/g, ' ').trim())
    if (text !== '' && found.length < MOST_PARAGRAPHS) found.push({ level, text })
    line = ''
    isSaid = false
  }
  for (const { text, tag } of markup(xml)) {
    if (text !== undefined && (level > 0 || inText > 0)) {
      line += text
      isSaid ||= /\S/.test(text)
    }
    const [, closing, whole, attributes = ''] = /^(\/?)([\w.:-]+)([\s\S]*)$/.exec(tag ?? '') ?? []
    if (whole === undefined) continue
    const name = whole.slice(whole.indexOf(':') + 1)
    const empty = attributes.endsWith('/')
    if (name === 'td' || name === 'th') {
      // Cells of one row stand in one line.
      if (closing && isSaid) line += ' · '
      continue
    }
    if (BLOCKS.has(name)) end()
    if (empty) continue
    const step = closing ? -1 : 1
    if (name === 'section') depth += step
    if (name === 'title') level = closing ? 0 : Math.min(6, depth + 1)
    if (name === 'text') inText = Math.max(0, inText + step)
  }
  end()
  return found
}

/** What separates cells says nothing behind the last. */
function withoutLastDots(text: string): string {
  let end = text.length
  while (text.endsWith(' ·', end)) end -= 2
  return text.slice(0, end)
}
