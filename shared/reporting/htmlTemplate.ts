import { type ReportTemplate, reportTemplate } from './template.ts'

/** IHE MRRT, as RSNA RadReport has them: some ten kilobytes. What is larger is not read. */
const MOST_CHARACTERS = 1_000_000
const MOST_TOKENS = 50_000

type Token = { text: string } | { open: string; attributes: Map<string, string> } | { close: string }

const ENTITIES: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  deg: '°',
  times: '×',
  plusmn: '±',
  le: '≤',
  ge: '≥',
  ndash: '–',
  mdash: '—',
  micro: 'µ',
  sup2: '²',
  sup3: '³',
}

function unescaped(text: string): string {
  return text.replaceAll(
    /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-zA-Z]\w{1,10}));/g,
    (whole, decimal, hex, name) => {
      if (name !== undefined) return ENTITIES[name] ?? whole
      const code = decimal !== undefined ? Number(decimal) : Number.parseInt(hex, 16)
      return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : ''
    },
  )
}

function attributesOf(inside: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const [, name = '', double, single, bare] of inside.matchAll(
    /([^\s=/"'<>]{1,64})(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+)))?/g,
  )) {
    if (found.size < 64) found.set(name.toLowerCase(), unescaped(double ?? single ?? bare ?? ''))
  }
  return found
}

/** Reads on without going back: scripts, styles and comments are left out, whatever stands in them. */
function* tokens(html: string): Generator<Token> {
  let at = 0
  for (let count = 0; at < html.length; count++) {
    if (count > MOST_TOKENS) throw new RangeError('The template has more parts than are read.')
    const start = html.indexOf('<', at)
    const end = start === -1 ? html.length : start
    if (end > at) yield { text: unescaped(html.slice(at, end)) }
    if (start === -1) return
    if (html.startsWith('<!--', start)) {
      const close = html.indexOf('-->', start + 4)
      at = close === -1 ? html.length : close + 3
      continue
    }
    const close = html.indexOf('>', start)
    if (close === -1) return
    const inside = html.slice(start + 1, close)
    at = close + 1
    const name = /^\/?\s*([a-zA-Z][a-zA-Z0-9]{0,20})/.exec(inside)?.[1]?.toLowerCase()
    if (name === undefined) continue
    if (inside.startsWith('/')) {
      yield { close: name }
      continue
    }
    yield { open: name, attributes: attributesOf(inside.slice(name.length)) }
    if (name !== 'script' && name !== 'style') continue
    const over = new RegExp(`</${name}`, 'gi')
    over.lastIndex = at
    at = over.exec(html)?.index ?? html.length
  }
}

const BREAKS = new Set(['p', 'div', 'br', 'li', 'tr', 'h1', 'h2', 'h3', 'h4', 'dt', 'dd', 'section'])

const asField = (words: string): string => {
  const inner = words.replaceAll(/[[\]\n]/g, ' ').trim()
  return inner === '' ? '' : `[${inner.slice(0, 190)}]`
}

/** Blank lines and spaces as a text has them. */
function tidied(text: string): string {
  return text
    .split('\n')
    .map(line => line.replaceAll(/[ \t\r]+/g, ' ').trim())
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim()
}

/**
 * A template of RSNA RadReport (HTML5, IHE MRRT): its sections by `data-section-name`, their text, inputs as `[fields]`, selections
 * as `[a|b]`. Nothing of it is run. Throws in words what it could not take.
 */
export function readHtmlTemplate(html: string, id: string): ReportTemplate {
  if (html.length > MOST_CHARACTERS) throw new RangeError('The template is larger than is read.')
  let title = ''
  const meta = new Map<string, string>()
  const sections: Array<{ title: string; text: string }> = []
  /** Sections within sections belong to the outermost. */
  let depth = 0
  let quiet = 0
  let label = ''
  let inLabel = false
  let inTitle = false
  let choices: string[] | undefined
  let choice: string | undefined
  let area: { name: string; text: string } | undefined
  const say = (words: string): void => {
    const section = sections.at(-1)
    if (depth > 0 && quiet === 0 && section !== undefined) section.text += words
  }
  for (const token of tokens(html)) {
    if ('text' in token) {
      const words = token.text.replaceAll(/\s+/g, ' ')
      if (inTitle) title += token.text
      else if (area !== undefined) area.text += token.text
      else if (choice !== undefined) choice += words
      else if (choices === undefined) {
        if (inLabel) label += words
        say(words)
      }
    } else if ('open' in token) {
      const { open, attributes } = token
      const value = (name: string) => attributes.get(name) ?? ''
      if (open === 'title') inTitle = title === ''
      else if (open === 'meta') meta.set(value('name').toLowerCase(), value('content'))
      else if (open === 'script' || open === 'style' || open === 'header') quiet++
      else if (open === 'section') {
        const name = value('data-section-name').trim()
        if (depth++ === 0)
          sections.push({ title: tidied(name).slice(0, 64) || `Section ${sections.length + 1}`, text: '' })
        else say(`\n${name}${name === '' ? '' : ':'}\n`)
      } else if (open === 'label') {
        label = ''
        inLabel = true
      } else if (open === 'select') choices = []
      else if (open === 'option') choice = ''
      else if (open === 'textarea')
        area = { name: value('data-field-completion-action') || value('name') || label, text: '' }
      else if (open === 'input') {
        const type = value('type').toLowerCase()
        if (type === 'checkbox' || type === 'radio') say(asField(`${value('value') || value('name') || 'yes'}|`))
        else if (type !== 'hidden')
          say(` ${value('value') || asField(value('name') || label.replace(/:\s*$/, '') || 'text')} `)
      } else if (BREAKS.has(open)) say('\n')
    } else {
      const { close } = token
      if (close === 'title') inTitle = false
      else if (close === 'script' || close === 'style' || close === 'header') quiet = Math.max(0, quiet - 1)
      else if (close === 'section') depth = Math.max(0, depth - 1)
      else if (close === 'label') inLabel = false
      else if (close === 'option' && choice !== undefined) {
        const words = tidied(choice).replaceAll('|', '/')
        if (words !== '') choices?.push(words)
        choice = undefined
      } else if (close === 'select' && choices !== undefined) {
        say(` ${asField(choices.length === 1 ? `${choices[0]}|` : choices.join('|'))} `)
        choices = undefined
        choice = undefined
      } else if (close === 'textarea' && area !== undefined) {
        say(` ${area.text.trim() || asField(label.replace(/:\s*$/, '') || area.name || 'text')} `)
        area = undefined
      } else if (BREAKS.has(close) && close !== 'br') say('\n')
    }
  }
  const read = reportTemplate.safeParse({
    id,
    title: (tidied(title) || meta.get('dcterms.title') || '').slice(0, 200),
    procedures: [],
    sections: sections.map(section => ({ title: section.title, text: tidied(section.text).slice(0, 10_000) })),
  })
  if (!read.success) {
    throw new Error(
      sections.length === 0
        ? 'It has no section with a name: it is no report template.'
        : 'It has no title, or too many sections.',
    )
  }
  return read.data
}
