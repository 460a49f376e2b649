import german from './languages/de.heard.json' with { type: 'json' }
import { pseudo } from './pseudo.ts'
import { type Language, ownText, useLanguage } from './translate.ts'

/** Sentences that come finished, in English, from the station and from `shared/`, by language: they have no `t` there, and are recognised here. */
const HEARD: Partial<Record<Language, Readonly<Record<string, string>>>> = { de: german }

interface Template {
  /** Its own words in their order: what lacks one of them is not it, and costs no more than looking. */
  parts: string[]
  pattern: RegExp
  /** Of the values, in their order. */
  names: string[]
  /** Letters of its own: the more, the surer. */
  weight: number
  said: string
}

const tables = new Map<Language, { whole: ReadonlyMap<string, string>; templates: readonly Template[] }>()

function templateOf(text: string, said: string): Template {
  const names: string[] = []
  const pieces = text.split(/(\{\{\w+\}\})/)
  const pattern = pieces
    .map((part, at) => {
      if (at % 2 === 0) return part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
      const name = part.slice(2, -2)
      names.push(name)
      return name.startsWith('n') ? '([\\d.,]+)' : '(.+?)'
    })
    .join('')
  const parts = pieces.filter((_, at) => at % 2 === 0)
  return { parts, pattern: new RegExp(`^${pattern}$`, 'su'), names, weight: parts.join('').length, said }
}

function tableOf(language: Language) {
  let table = tables.get(language)
  if (table === undefined) {
    const all = Object.entries(HEARD[language] ?? {})
    const isTemplate = ([text]: [string, string]) => text.includes('{{')
    const templates = all.filter(isTemplate).map(one => templateOf(...one))
    table = {
      whole: new Map(all.filter(one => !isTemplate(one))),
      templates: templates.toSorted((a, b) => b.weight - a.weight),
    }
    tables.set(language, table)
  }
  return table
}

/** Whether the words of a template stand in the text in their order: refuses in one pass what a pattern would try in many. */
function mayBe(text: string, { parts }: Template): boolean {
  if (!text.startsWith(parts[0] ?? '') || !text.endsWith(parts.at(-1) ?? '')) return false
  let from = 0
  for (const part of parts) {
    const at = text.indexOf(part, from)
    if (at < 0) return false
    from = at + part.length
  }
  return true
}

/** No sentence of ours is longer: what is, is somebody's file. */
const LONGEST = 2_000
const DEEPEST = 4
/** Looks into the table for one sentence; ours take a few dozen, and what is made to take more stays as it is. */
const MOST_LOOKS = 400
/** A template of so few letters is in many a foreign sentence ("no …", "… and …"): it counts where its values are known. */
const WEAK = 10

interface Heard {
  said: string
  /** Letters that stayed as they came. */
  left: number
  /** Words among them that may be an English sentence of somebody else's. */
  foreign: boolean
}

const asItIs = (text: string): Heard => ({ said: text, left: text.length, foreign: /\p{Ll}{3}/u.test(text) })

let looks = 0

function find(text: string, language: Language, depth: number): Heard | undefined {
  const { whole, templates } = tableOf(language)
  const exact = whole.get(text) ?? ownText(text)
  if (exact !== undefined) return { said: exact, left: 0, foreign: false }
  if (depth > DEEPEST || text.length > LONGEST || ++looks > MOST_LOOKS) return undefined
  let best: Heard | undefined
  for (const template of templates) {
    const { pattern, names, said, weight } = template
    const found = mayBe(text, template) ? pattern.exec(text) : null
    if (found === null) continue
    const values = new Map<string, Heard>()
    for (const [at, name] of names.entries()) {
      const value = found[at + 1] ?? ''
      // What is named `s…` is said by the station as well; all else is a name, a figure, somebody's own.
      values.set(
        name,
        name.startsWith('s')
          ? inPieces(value, language, depth + 1)
          : { said: value, left: value.length, foreign: false },
      )
    }
    const foreign = [...values.values()].some(value => value.foreign)
    if (foreign && weight <= WEAK) continue
    const left = [...values.values()].reduce((sum, value) => sum + value.left, 0)
    // The one that leaves least as it was; of several the one with most words of its own, which comes first.
    if (best !== undefined && best.left <= left) continue
    best = { said: said.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => values.get(name)?.said ?? ''), left, foreign }
  }
  return best
}

/** Sentences one after another, else what stands between middle dots, semicolons and commas: each that is known. */
const CUTS = [
  { at: /((?<=[.!?:;]) )/u, strict: false },
  { at: /( · |; )/u, strict: false },
  // Lists of ours; words of a path or of somebody's sentence are not known by a comma or a slash.
  { at: /(, | \+ )/u, strict: true },
  { at: /(\/)/u, strict: true },
]

function inPieces(text: string, language: Language, depth: number): Heard {
  const found = find(text, language, depth)
  const cut = depth > DEEPEST || text.length > LONGEST ? undefined : CUTS.find(({ at }) => at.test(text))
  if (found?.left === 0 || cut === undefined) return found ?? asItIs(text)
  const parts = text
    .split(cut.at)
    .map((part, at) => (at % 2 === 1 ? { said: part, left: 0, foreign: false } : inPieces(part, language, depth + 1)))
  const left = parts.reduce((sum, part) => sum + part.left, 0)
  const foreign = parts.some(part => part.foreign)
  if (found && found.left <= left) return found
  if (foreign && cut.strict) return found ?? asItIs(text)
  return { said: parts.map(({ said }) => said).join(''), left, foreign }
}

/** What was said lately: the same sentences are drawn again and again. */
const MOST_KNOWN = 2_000
const known = new Map<string, string>()
let knownIn: Language | undefined

/** What the station or `shared/` says in finished English, in the user's language; what it does not know stays as it is. */
export function heard(text: string): string {
  const { language } = useLanguage.getState()
  if (language === 'pseudo') return pseudo(text)
  if (language === 'en' || text === '') return text
  if (knownIn !== language || known.size >= MOST_KNOWN) known.clear()
  knownIn = language
  let said = known.get(text)
  if (said === undefined) {
    looks = 0
    said = inPieces(text, language, 0).said
    if (text.length <= LONGEST) known.set(text, said)
  }
  return said
}

/** Why something failed, in the user's language. */
export function whyOf(thrown: unknown): string {
  return heard(thrown instanceof Error ? thrown.message : String(thrown))
}
