import i18next from 'i18next'
import { create } from 'zustand'
import german from './languages/de.json' with { type: 'json' }
import english from './languages/en.json' with { type: 'json' }
import { pseudo } from './pseudo.ts'

/** What there is a file for, and a made-up one that shows what is cut off. English needs none but for its singulars: its text is the key. */
export const LANGUAGES = ['en', 'de'] as const
export type Language = (typeof LANGUAGES)[number] | 'pseudo'

/** What the user chose; the system's own where it is one of ours. */
export type LanguageChoice = 'system' | Language

const FILES: Record<(typeof LANGUAGES)[number], Readonly<Record<string, string>>> = { en: english, de: german }
/** Intl has no pseudo language: its plurals are English. */
const LOCALES: Record<Language, string> = { en: 'en', de: 'de', pseudo: 'en' }
/** Where the system knows no country of the language: day before month. */
const USUAL: Record<Language, string> = { en: 'en-GB', de: 'de-DE', pseudo: 'en-GB' }

function systemLanguage(): Language {
  const asked = globalThis.navigator?.languages ?? []
  for (const one of asked) {
    const found = LANGUAGES.find(language => language === one.slice(0, 2))
    if (found !== undefined) return found
  }
  return 'en'
}

/** The language the interface speaks now, and the locale of its figures and dates; undefined: the system's own. */
export const useLanguage = create<{ choice: LanguageChoice; language: Language; locale: string | undefined }>(() => ({
  choice: 'system',
  language: systemLanguage(),
  locale: undefined,
}))

let numbers: Intl.NumberFormat | undefined

// The text itself is the key (as in gettext): no character of it may mean a path.
void i18next.init({
  lng: LOCALES[useLanguage.getState().language],
  fallbackLng: false,
  initAsync: false,
  keySeparator: false,
  nsSeparator: false,
  // A file with nothing for a key is told by the test, and read in English by the user.
  returnEmptyString: false,
  interpolation: { escapeValue: false },
  resources: Object.fromEntries(LANGUAGES.map(language => [language, { translation: FILES[language] }])),
})

/** Looked up once: a pane's words are said anew with each picture, and a look-up cost as much as the rest of saying them. */
const found = new Map<string, string>()

function lookUp(text: string, language: Language, count: number | undefined): string {
  const known = count === undefined ? found.get(text) : undefined
  if (known !== undefined) return known
  const plural = count === undefined ? {} : { count }
  // Values are put in by `t`: what a study is called must not be read as a placeholder or as a key.
  const said = i18next.t(text, { ...plural, lng: LOCALES[language], skipInterpolation: true })
  if (count === undefined && found.size < MOST_KNOWN) found.set(text, said)
  return said
}

/** More than there are texts: some are made of what lies on the disk. */
const MOST_KNOWN = 10_000

export type Values = Readonly<Record<string, string | number>>

/** The text in the user's language; numbers among the values by its locale. A text with `{{count}}` has its plural by that. */
export function t(text: string, values: Values = {}): string {
  const { language, locale } = useLanguage.getState()
  const { count } = values
  const own = lookUp(text, language, typeof count === 'number' ? count : undefined)
  const said = language === 'pseudo' ? pseudo(own) : own
  return said.replaceAll(/\{\{(\w+)\}\}/g, (placeholder, name: string) => {
    const value = values[name] ?? placeholder
    if (typeof value === 'string') return value
    numbers ??= new Intl.NumberFormat(locale)
    return numbers.format(value)
  })
}

/** A text that is a key, where it only is named: `t` is said where it is shown. */
export function msg<Text extends string>(text: Text): Text {
  return text
}

/** A name that may be one of ours or somebody else's (a list, a study): in the user's language where it is ours, else as it is. */
export function inLanguage(text: string): string {
  const { language } = useLanguage.getState()
  if (language === 'pseudo') return pseudo(text)
  return Object.hasOwn(FILES[language], text) ? t(text) : text
}

/** The text in the user's language where it is one of ours as it stands. */
export function ownText(text: string): string | undefined {
  return Object.hasOwn(FILES[useLanguage.getState().language === 'de' ? 'de' : 'en'], text) ? t(text) : undefined
}

/** A text in every language there is: whoever searches may know either name. */
export function inAllLanguages(text: string): string[] {
  return [text, ...Object.values(FILES).flatMap(file => file[text] ?? [])]
}

/** Speaks another language from now on: whatever is drawn with `useLanguage` is drawn anew. */
export function speak(choice: LanguageChoice): void {
  const language = choice === 'system' ? systemLanguage() : choice
  // German as it is written in Austria keeps its dates.
  const own = globalThis.navigator?.languages?.find(one => one.startsWith(`${language}-`))
  const locale = choice === 'system' ? undefined : (own ?? USUAL[language])
  numbers = undefined
  found.clear()
  useLanguage.setState({ choice, language, locale })
  if (globalThis.document !== undefined) document.documentElement.lang = LOCALES[language]
}
