import { readFileSync } from 'node:fs'
import PDFDocument from 'pdfkit'
import { directionOf, visualOrder } from './directions.ts'
import { type FontFile, fontFor } from './pdfFonts.ts'
import { embedOutlines } from './pdfGlyphs.ts'

/** What stands on the paper, from the top. */
export interface PdfPage {
  /** Of the document, also in its information. */
  title: string
  /** Of the Han forms: ja, ko, zh; '' where nothing says. */
  lang: string
  /** Beside each other: what it is, and what it says. */
  head: Array<[label: string, value: string]>
  /** A band that nobody overlooks; '' = none. */
  band: string
  sections: Array<{ title: string; text: string }>
  /** At the foot of each page: whose it is, and what it is not. Pages of paper are parted. */
  everyPage: string
  /** Who signed it, the digest. */
  foot: string[]
  created: Date
}

const A4 = { width: 595.28, height: 841.89 }
const MARGIN = 56
const RIGHT = A4.width - MARGIN
const LABELS = 110

interface Piece {
  text: string
  font: FontFile
  width: number
}
interface Word {
  text: string
  pieces: Piece[]
  width: number
}

/** Han, Kana and Hangul break between any two; everything else at spaces. */
const WORDS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[^\s\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+|\s+/gu

/** A report on paper: A4, the bundled fonts embedded as far as they are used. */
export function writePdf(page: PdfPage): Promise<Uint8Array> {
  const doc = new PDFDocument({
    size: [A4.width, A4.height],
    margin: 0,
    bufferPages: true,
    font: '',
    info: { Title: page.title, Producer: 'Isocenter', Creator: 'Isocenter', CreationDate: page.created },
  })
  const chunks: Buffer[] = []
  const done = new Promise<Uint8Array>((resolve, reject) => {
    doc.on('data', (chunk: Buffer) => chunks.push(chunk))
    doc.on('end', () => resolve(Buffer.concat(chunks)))
    doc.on('error', reject)
  })
  const embedded = new Set<string>()
  let y = MARGIN

  function use({ name, path }: FontFile, size: number): void {
    if (!embedded.has(name)) doc.registerFont(name, readFileSync(path))
    doc.font(name).fontSize(size)
    if (embedded.has(name)) return
    embedded.add(name)
    // The font that was just made; pdfkit has no name for it.
    embedOutlines((doc as unknown as { _font: { subset: unknown } })._font.subset)
  }

  function wordOf(text: string, size: number): Word {
    const pieces: Piece[] = []
    for (const { segment } of new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)) {
      const font = fontFor(segment, page.lang)
      const last = pieces.at(-1)
      if (last?.font.name === font.name) last.text += segment
      else pieces.push({ text: segment, font, width: 0 })
    }
    for (const piece of pieces) {
      use(piece.font, size)
      piece.width = doc.widthOfString(piece.text)
    }
    return { text, pieces, width: pieces.reduce((sum, { width }) => sum + width, 0) }
  }

  /** A word that no line has room for falls into what has. */
  function fitting(text: string, size: number, width: number): Word[] {
    const whole = wordOf(text, size)
    if (whole.width <= width || text.length < 2) return [whole]
    const half = Math.ceil(text.length / 2)
    return [...fitting(text.slice(0, half), size, width), ...fitting(text.slice(half), size, width)]
  }

  function draw(words: Word[], x: number, size: number, bold: boolean): void {
    let at = x
    for (const { pieces } of words) {
      for (const { text, font, width } of pieces) {
        use(font, size)
        const stroke = (font.thin ? 0.035 : 0) + (bold ? 0.03 : 0)
        doc.lineWidth(stroke * size)
        doc.text(text, at, y + size, { lineBreak: false, baseline: 'alphabetic', fill: true, stroke: stroke > 0 })
        at += width
      }
    }
  }

  function say(text: string, { x = MARGIN, size = 10.5, bold = false, gap = 4 } = {}): void {
    const room = RIGHT - x
    const height = size * 1.45
    for (const paragraph of text.split('\n')) {
      const direction = directionOf(paragraph)
      let line: Word[] = []
      const flush = () => {
        while (line.at(-1)?.text.trim() === '') line.pop()
        if (y + height > A4.height - MARGIN - 24) {
          doc.addPage()
          y = MARGIN
        }
        const width = line.reduce((sum, word) => sum + word.width, 0)
        draw(visualOrder(line, direction), direction === 'rtl' ? RIGHT - width : x, size, bold)
        y += height
        line = []
      }
      let width = 0
      for (const [text] of paragraph.matchAll(WORDS)) {
        for (const word of fitting(text, size, room)) {
          if (width + word.width > room && text.trim() !== '') {
            flush()
            width = 0
          }
          if (line.length === 0 && text.trim() === '') continue
          line.push(word)
          width += word.width
        }
      }
      flush()
    }
    y += gap
  }

  if (page.band !== '') say(page.band, { size: 12, bold: true, gap: 8 })
  say(page.title, { size: 16, bold: true, gap: 8 })
  for (const [label, value] of page.head) {
    if (value === '') continue
    const top = y
    say(label, { size: 9.5, gap: 0 })
    const under = y
    y = top
    say(value, { x: MARGIN + LABELS, size: 9.5, gap: 0 })
    y = Math.max(y, under)
  }
  y += 6
  doc.lineWidth(0.5).moveTo(MARGIN, y).lineTo(RIGHT, y).stroke()
  y += 12
  for (const { title, text } of page.sections) {
    say(title, { bold: true, size: 11, gap: 2 })
    say(text, { gap: 10 })
  }
  y += 6
  for (const line of page.foot) say(line, { size: 9, gap: 0 })
  const { count } = doc.bufferedPageRange()
  const whose: Word[] = []
  let room = RIGHT - 36 - MARGIN
  for (const [text] of page.everyPage.matchAll(WORDS)) {
    const [word] = fitting(text, 9, room)
    if (word === undefined || word.width > room) break
    room -= word.width
    whose.push(word)
  }
  for (let index = 0; index < count; index++) {
    doc.switchToPage(index)
    y = A4.height - MARGIN
    draw([wordOf(`${index + 1} / ${count}`, 9)], RIGHT - 24, 9, false)
    draw(visualOrder(whose, directionOf(page.everyPage)), MARGIN, 9, false)
  }
  doc.end()
  return done
}
