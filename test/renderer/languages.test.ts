import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ACTIONS, GROUPS } from '../../renderer/keys/actionTable.ts'
import { KEY_SETS } from '../../renderer/keys/keySets.ts'
import { SETTINGS_PAGES } from '../../renderer/settings/pages.ts'
import { COLUMNS } from '../../renderer/worklist/columns.ts'
import { ERRORS } from '../../shared/errors.ts'
import { LINK_MODES, linkWords } from '../../shared/viewing/compare/linking.ts'
import { BY_HAND } from '../../shared/viewing/measure/scale.ts'
import { SEGMENT_KINDS } from '../../shared/viewing/segmenting/kinds.ts'
import { uiStrings } from './uiStrings.ts'

/** Texts on the screen that no language file reaches: the name of the program, and a figure alone. A new text goes through `t`. */
const BARE_TEXTS = 2

const file = (language: string): Record<string, string> =>
  JSON.parse(readFileSync(path.resolve(import.meta.dirname, `../../renderer/i18n/languages/${language}.json`), 'utf8'))
const english = file('en')
const german = file('de')
const { keys, bare } = uiStrings()

/** Every key there is: those that stand in the sources as such, and what the tables call things. */
const used = new Set(
  [
    ...keys.map(one => one.text),
    ...ACTIONS.map(row => row.name),
    ...GROUPS,
    ...COLUMNS.flatMap(({ name, short }) => [name, short ?? '']),
    ...SETTINGS_PAGES,
    ...Object.values(KEY_SETS).map(set => set.note),
    ...Object.values(ERRORS).map(row => row.sentence),
    BY_HAND,
    ...LINK_MODES.map(mode => linkWords(mode)),
    ...SEGMENT_KINDS.map(kind => kind.type.CodeMeaning),
  ].filter(text => /\p{L}{2}/u.test(text)),
)

const PLURAL = /_(zero|one|two|few|many|other)$/
const placeholders = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(found => found[1]).toSorted()
/** The forms a key must have in a language: one, or one for each plural of it. */
const formsOf = (key: string, locale: string) =>
  key.includes('{{count}}')
    ? new Intl.PluralRules(locale).resolvedOptions().pluralCategories.map(category => `${key}_${category}`)
    : [key]

test('German has every text in every form, and nothing that nobody says', () => {
  const wanted = [...used].flatMap(key => formsOf(key, 'de'))
  expect(wanted.filter(key => !german[key])).toEqual([])
  expect(Object.keys(german).filter(key => !wanted.includes(key))).toEqual([])
})

test('English is its own key: its file has the plurals alone, all of them', () => {
  const wanted = [...used].filter(key => key.includes('{{count}}')).flatMap(key => formsOf(key, 'en'))
  expect(Object.keys(english).toSorted()).toEqual(wanted.toSorted())
})

test('no translation loses or invents a value', () => {
  const differ = [...Object.entries(german), ...Object.entries(english)].filter(([key, text]) => {
    return JSON.stringify(placeholders(key.replace(PLURAL, ''))) !== JSON.stringify(placeholders(text))
  })
  expect(differ).toEqual([])
})

test('a text that is said twice stays what it was: no translation is a key with another meaning', () => {
  expect(Object.values(german).filter(text => used.has(text) && german[text] !== text)).toEqual([])
})

test('ever more of what is on the screen goes through the language files', () => {
  const all = keys.length + bare.length
  const perRoom = Map.groupBy(bare, one => one.file.split('/').slice(0, 2).join('/'))
  const lines = [...perRoom].map(([room, found]) => `${String(found.length).padStart(5)} ${room}`)
  console.log(
    `${((100 * keys.length) / all).toFixed(1)} % of ${all} texts are translated; the others:\n${lines.join('\n')}`,
  )
  expect(bare.map(({ file, text }) => `${file}: ${text}`).slice(BARE_TEXTS)).toEqual([])
})
