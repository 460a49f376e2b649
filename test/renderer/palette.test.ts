import { expect, test } from 'vitest'
import { findTopics, topicsFor } from '../../renderer/help/topics.ts'
import { inAllLanguages, speak, t } from '../../renderer/i18n/index.ts'
import { ACTIONS } from '../../renderer/keys/actionTable.ts'
import { found, searchable } from '../../renderer/keys/paletteSearch.ts'
import { TypeAhead } from '../../renderer/ui/typeAhead.ts'

const entries = ACTIONS.map(row => ({
  id: row.id as string,
  search: searchable(inAllLanguages(row.name), inAllLanguages(row.group), [...row.keys]),
}))
const ids = (query: string, recent: string[] = []) => found(entries, query, recent).map(one => one.id)

test('words are found by their beginnings, in any order, in both languages, accents or not', () => {
  expect(ids('rotate right')).toEqual(['rotate-right'])
  expect(ids('ri ro')[0]).toBe('rotate-right')
  expect(ids('rechts drehen')).toEqual(['rotate-right'])
  expect(ids('arbeitsliste')[0]).toBe('worklist')
  expect(ids('schlusselbild')[0]).toBe('key-image')
  expect(ids('wahre grosse')[0]).toBe('true-size')
  expect(ids('GRÖSSERE')[0]).toBe('text-larger')
  expect(ids('xyzzy')).toEqual([])
})

test('initials and keys mean their action; what is meant as well is as it was done lately', () => {
  expect(ids('vr')).toContain('volume-rendering')
  expect(ids('F8')[0]).toBe('test-picture')
  expect(ids('layout', ['layout-2x2'])[0]).toBe('layout-2x2')
  expect(ids('', ['cine'])[0]).toBe('cine')
})

test('what cannot be done is only found by its name, and stands last', () => {
  const two = [
    { id: 'no', search: searchable(['Fit'], [], []), disabled: 'not now' },
    { id: 'yes', search: searchable(['Fit to width'], [], []) },
  ]
  expect(found(two, '', []).map(one => one.id)).toEqual(['yes'])
  expect(found(two, 'fit', []).map(one => one.id)).toEqual(['yes', 'no'])
})

test('letters in a menu: one walks, several quickly after one another narrow', () => {
  const names = ['Circle', 'Cine', 'Copy', 'Fit']
  const walking = new TypeAhead()
  expect([0, 1000, 2000, 3000].map((now, step) => walking.find('c', names, [-1, 0, 1, 2][step]!, now))).toEqual([
    0, 1, 2, 0,
  ])
  const typing = new TypeAhead()
  expect(typing.find('c', names, -1, 0)).toBe(0)
  expect(typing.find('o', names, 0, 100)).toBe(2)
  expect(typing.find('x', names, 2, 200)).toBe(-1)
})

test('plurals by the language’s own rules, figures by its locale, values as they are', () => {
  speak('de')
  expect(t('{{count}} studies', { count: 1 })).toBe('1 Untersuchung')
  expect(t('{{count}} studies', { count: 12345 })).toBe('12.345 Untersuchungen')
  expect(t('No study matches “{{search}}”.', { search: '{{search}} $t(All)' })).toContain('{{search}} $t(All)')
  speak('en')
  expect(t('{{count}} studies', { count: 1 })).toBe('1 study')
  expect(t('{{count}} studies', { count: 0 })).toBe('0 studies')
  speak('pseudo')
  expect(t('{{count}} studies', { count: 2 })).toMatch(/^2 štüdïéš·+$/)
  speak('system')
})

test('help: the room’s own first; every topic in both languages, found by its words', () => {
  expect(topicsFor('viewer')[0]?.room).toBe('viewer')
  const all = topicsFor('worklist')
  expect(new Set(all.map(topic => topic.id)).size).toBe(all.length)
  for (const { title, text, actions } of all) {
    expect(text.de).toHaveLength(text.en.length)
    expect(actions.length).toBeGreaterThan(0)
    expect(title.de).not.toBe(title.en)
  }
  expect(findTopics(all, 'without network', 'en').map(topic => topic.id)).toEqual(['offline'])
  expect(findTopics(all, 'ohne netz', 'de').map(topic => topic.id)).toEqual(['offline'])
  expect(findTopics(all, 'magnification', 'en').map(topic => topic.id)).toEqual(['trust'])
})
