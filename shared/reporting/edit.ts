import { type FigureLink, MAX_TEXT, type ReportContent, type ReportSection, reportText } from './report.ts'

type Worded = Pick<ReportSection, 'text' | 'links'>

/** What was changed between two texts: [from, to) became `put`. */
interface Splice {
  from: number
  to: number
  put: string
}

/** `caret`: where it stands behind the change; of a letter typed beside its like it alone says which of the two is new. */
function spliceOf(before: string, after: string, caret: number): Splice {
  const behind = after.length - caret
  let tail = behind <= before.length && before.endsWith(after.slice(caret)) ? behind : 0
  const most = Math.min(before.length, after.length) - tail
  let from = 0
  while (from < most && before[from] === after[from]) from++
  if (tail === 0) {
    while (tail < most - from && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++
  }
  return { from, to: before.length - tail, put: after.slice(from, after.length - tail) }
}

/** A link as it lies behind the change; none where its own words were touched: they are the writer's then. */
function moved(link: FigureLink, { from, to, put }: Splice): FigureLink[] {
  if (to <= link.from) {
    const by = put.length - (to - from)
    return [{ ...link, from: link.from + by, to: link.to + by }]
  }
  return from >= link.to ? [link] : []
}

/** The text was edited by hand; the caret stands at `caret` now. */
export function withText(section: Worded, text: string, caret: number): Worded {
  const splice = spliceOf(section.text, text, caret)
  return { text, links: section.links.flatMap(link => moved(link, splice)) }
}

/** [from, to) of the text becomes words; those of a figure are linked to its mark. */
export function replaced(
  section: Worded,
  span: { from: number; to: number },
  put: string,
  figure?: Omit<FigureLink, 'from' | 'to'>,
): Worded {
  const { from, to } = span
  const links = section.links.flatMap(link => moved(link, { from, to, put }))
  const made = figure === undefined ? [] : [{ ...figure, from, to: from + put.length }]
  return {
    text: section.text.slice(0, from) + put + section.text.slice(to),
    links: [...links, ...made].sort((a, b) => a.from - b.from),
  }
}

/** A mark's figure as it is now. */
export interface Figure {
  name: string
  value: string
  unit: string
}

/** As a figure stands in a text. */
export function figureWords({ value, unit }: Pick<Figure, 'value' | 'unit'>): string {
  return `${value} ${UNIT_WORDS[unit] ?? unit}`.trim()
}

/** UCUM, and as it is read. */
const UNIT_WORDS: Record<string, string> = {
  '1': '',
  'deg': '°',
  'mm2': 'mm²',
  "[hnsf'U]": 'HU',
  '{pixels}': 'px',
  '{pixels}2': 'px²',
}

/**
 * Every linked figure says what its mark says now; the same content where nothing changed. A mark that is gone, or not measured just
 * now (undefined), leaves its words as they are.
 */
export function refreshed(content: ReportContent, figureOf: (link: FigureLink) => Figure | undefined): ReportContent {
  let changed = false
  const sections = content.sections.map(section => {
    let now: Worded = section
    // A figure takes the place of one: the links stay in their order.
    for (let index = 0; index < section.links.length; index++) {
      const at = now.links[index]
      const figure = at && figureOf(at)
      if (at === undefined || figure === undefined) continue
      if (figure.value === at.value && figure.unit === at.unit) continue
      const { from: start, to, ...rest } = at
      now = replaced(now, { from: start, to }, figureWords(figure), { ...rest, ...figure })
      changed = true
    }
    return now === section ? section : { ...section, ...now }
  })
  return changed ? { ...content, sections } : content
}

/**
 * What else was written, behind the first section's own words; its figures are words. What is too long for that section stands in further ones of the
 * same title: no word is left out.
 */
export function withWords(content: ReportContent, written: ReportContent): ReportContent {
  const words = reportText({ ...written, title: '' }).trim()
  const [first, ...rest] = content.sections
  if (first === undefined) return content
  const text = [first.text.trimEnd(), words].filter(Boolean).join('\n\n')
  if (text.length <= MAX_TEXT) return { ...content, sections: [{ ...first, text }, ...rest] }
  const more = pieces(words).map((text, index) => ({ ...first, id: `${first.id}-${index + 2}`, text, links: [] }))
  return { ...content, sections: [first, ...more, ...rest] }
}

/** Cut where a line or a word ends. */
function pieces(words: string): string[] {
  const cut: string[] = []
  let left = words
  while (left.length > MAX_TEXT) {
    const most = left.slice(0, MAX_TEXT)
    const at = Math.max(most.lastIndexOf('\n'), most.lastIndexOf(' '))
    cut.push(left.slice(0, at > 0 ? at : MAX_TEXT).trimEnd())
    left = left.slice(at > 0 ? at : MAX_TEXT).trimStart()
  }
  return [...cut, left]
}
