import german from './languages/de.heard.json' with { type: 'json' }
import { pseudo } from './pseudo.ts'
import { type Language, t, useLanguage } from './translate.ts'

/** Sentences that come finished, in English, from the station and from `shared/`, by language: they have no `t` there, and are recognised here. */
const HEARD: Partial<Record<Language, Readonly<Record<string, string>>>> = { de: german }

interface Template {
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
  const pattern = text
    .split(/(\{\{\w+\}\})/)
    .map((part, at) => {
      if (at % 2 === 0) return part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
      names.push(part.slice(2, -2))
      return '(.+?)'
    })
    .join('')
  return { pattern: new RegExp(`^${pattern}$`, 'su'), names, weight: text.replaceAll(/\{\{\w+\}\}/g, '').length, said }
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

/** No sentence of ours is longer: what is, is somebody's file. */
const LONGEST = 2_000
const DEEPEST = 4

interface Heard {
  said: string
  /** Letters that stayed as they came. */
  left: number
}

function find(text: string, language: Language, depth: number): Heard | undefined {
  const { whole, templates } = tableOf(language)
  const exact = whole.get(text) ?? t(text)
  if (whole.has(text) || exact !== text) return { said: exact, left: 0 }
  if (depth > DEEPEST || text.length > LONGEST) return undefined
  let best: Heard | undefined
  for (const { pattern, names, said } of templates) {
    const found = pattern.exec(text)
    if (found === null) continue
    const values = new Map<string, Heard>()
    for (const [at, name] of names.entries()) {
      const value = found[at + 1] ?? ''
      // What is named `s…` is said by the station as well; all else is a name, a figure, somebody's own.
      values.set(
        name,
        name.startsWith('s') ? inPieces(value, language, depth + 1) : { said: value, left: value.length },
      )
    }
    const left = [...values.values()].reduce((sum, value) => sum + value.left, 0)
    // The one that leaves least as it was; of several the one with most words of its own, which comes first.
    if (best !== undefined && best.left <= left) continue
    best = { said: said.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => values.get(name)?.said ?? ''), left }
  }
  return best
}

/** Sentences one after another, else what stands between middle dots, semicolons and commas: each that is known. */
const CUTS = [/((?<=[.!?:;]) )/u, /( · |; )/u, /(, | \+ )/u, /(\/)/u]

function inPieces(text: string, language: Language, depth: number): Heard {
  const found = find(text, language, depth)
  const cut = depth > DEEPEST || text.length > LONGEST ? undefined : CUTS.find(one => one.test(text))
  if (found?.left === 0 || cut === undefined) return found ?? { said: text, left: text.length }
  const parts = text
    .split(cut)
    .map((part, at) => (at % 2 === 1 ? { said: part, left: 0 } : inPieces(part, language, depth + 1)))
  const left = parts.reduce((sum, part) => sum + part.left, 0)
  return found && found.left <= left ? found : { said: parts.map(({ said }) => said).join(''), left }
}

/** What the station or `shared/` says in finished English, in the user's language; what it does not know stays as it is. */
export function heard(text: string): string {
  const { language } = useLanguage.getState()
  if (language === 'pseudo') return pseudo(text)
  if (language === 'en' || text === '') return text
  return inPieces(text, language, 0).said
}

/** Why something failed, in the user's language. */
export function whyOf(thrown: unknown): string {
  return heard(thrown instanceof Error ? thrown.message : String(thrown))
}
