import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { heard, speak } from '../../renderer/i18n/index.ts'
import { ACTIONS, GROUPS } from '../../renderer/keys/actionTable.ts'
import { KEY_SETS } from '../../renderer/keys/keySets.ts'
import { SETTINGS_PAGES } from '../../renderer/settings/pages.ts'
import { COLUMNS } from '../../renderer/worklist/columns.ts'
import { ERRORS } from '../../shared/errors.ts'
import { LINK_MODES, linkWords } from '../../shared/viewing/compare/linking.ts'
import { BY_HAND } from '../../shared/viewing/measure/scale.ts'
import { SEGMENT_KINDS } from '../../shared/viewing/segmenting/kinds.ts'
import { literalsOf, uiStrings } from './uiStrings.ts'

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

/** What the station and `shared/` say finished, in English, and German for it (`i18n/heard.ts`). */
const heardGerman = file('de.heard')

/** Their sentences come before a person whole: each has its German. Texts that stay as they are (names of DICOM, of programs) have no two words. */
const SPEAKING = [
  'shared/dicom/unshowable.ts',
  'shared/printing/printing.ts',
  'shared/samePatient.ts',
  'shared/viewing/colour.ts',
  'shared/viewing/completeness.ts',
  'shared/viewing/compare/subtract.ts',
  'shared/viewing/hanging/match.ts',
  'shared/viewing/hanging/place.ts',
  'shared/viewing/hanging/save.ts',
  'shared/viewing/measure/scale.ts',
  'shared/viewing/samples.ts',
  'shared/viewing/selftest/verdict.ts',
  'shared/viewing/suv.ts',
  'shared/viewing/volume/plan.ts',
  'electron/station/audit/chain.ts',
  'electron/station/dimse/diagnosis.ts',
  'electron/station/dimse/replay.ts',
  'electron/station/store/outbox/standing.ts',
  'electron/station/store/volumes/spaceWatch.ts',
  'electron/station/store/volumes/volumes.ts',
  'electron/station/sync/alarms.ts',
  'electron/station/sync/stowAnswer.ts',
  'electron/station/sync/verdict.ts',
]
/** In those files: for the log, a key of a map, a name that is kept. */
const NOT_SAID = [
  '{our port}',
  'a volume could not be looked at',
  'a volume of the configuration is not there',
  'nothing taken …',
  'the free space could not be read',
  'the level of free space has changed',
  'the state of a volume has changed',
  'no syntax …',
  'not stored …',
  'not taken …',
]

/** What stands between the values, of a template or of a key. */
const piecesOf = (text: string) =>
  text
    .split(/…|\{\{\w+\}\}/)
    .map(piece => piece.replace(/^[\s,;:.]+/, '').trim())
    .filter(piece => /\p{L}{3}/u.test(piece))

afterEach(() => speak('en'))

test('what the station and shared say has its German: nothing that they do not say, and all of the files that speak to people', () => {
  const said = new Map(['shared', 'electron/station', 'renderer'].flatMap(room => [...literalsOf(room)]))
  const all = [...said.values()].flatMap(texts => [...texts]).join('\n')
  const stale = Object.keys(heardGerman).filter(key => piecesOf(key).some(piece => !all.includes(piece)))
  expect(stale).toEqual([])
  const known = [...Object.keys(heardGerman), ...Object.keys(german)].flatMap(piecesOf).join('\n')
  const lacking = SPEAKING.flatMap(name =>
    [...(said.get(name) ?? [])]
      .filter(text => /[a-z]{2,}[,:;]? [a-z]{2,}/.test(text) && !NOT_SAID.includes(text))
      .filter(text => piecesOf(text).some(piece => !known.includes(piece)))
      .map(text => `${name}: ${text}`),
  )
  expect(lacking).toEqual([])
  expect(SPEAKING.filter(name => !said.has(name))).toEqual([])
})

test('a finished sentence is recognised with what was put into it, and what is not ours stays as it is', () => {
  const sentence = 'MR1 (10.0.0.7) was sent away because the disk here is nearly full.'
  expect(heard(sentence)).toBe(sentence)
  speak('de')
  expect(heard(sentence)).toBe('MR1 (10.0.0.7) wurde weggeschickt, weil die Platte hier fast voll ist.')
  expect(heard('There is no CT · chest in the 2nd prior of the same modality.')).toBe(
    'Es gibt nicht: CT · Thorax (in: zweite Voruntersuchung, gleiche Modalität).',
  )
  expect(heard('The performed procedure step of MR1 names 12 objects; 2 of them are not here.')).toBe(
    'Der durchgeführte Untersuchungsschritt von MR1 nennt 12 Objekte; 2 davon fehlen hier.',
  )
  // A value keeps its words, though we have the same.
  expect(heard('for studies described by “chest”')).toBe('nur für Untersuchungen mit der Beschreibung „chest“')
  expect(heard('Chest pain since Tuesday')).toBe('Chest pain since Tuesday')
  for (const theirs of [
    "ENOENT: no such file or directory, open '/data/chest/hand/knee.dcm'",
    'https://pacs.example/volume/hand/echo',
    'no route to host',
    'connection reset and closed by the peer, for reasons of its own',
    'time out',
    'part of the message is lost',
  ]) {
    expect(heard(theirs)).toBe(theirs)
  }
  // What was made to take long is left as it is.
  const endless = 'for a, no b and c of the same d in the e: f · else g. '.repeat(36)
  expect(heard(endless)).toContain('else g.')
  expect(heard(`${'very '.repeat(1000)}long`)).toBe(`${'very '.repeat(1000)}long`)
})
