import { expect, test } from 'vitest'
import { ACTIONS, type ActionId, actionRow } from '../../renderer/keys/actionTable.ts'
import {
  changedActions,
  dropKey,
  exportKeys,
  giveKey,
  holdersOf,
  importKeys,
  type KeyChoice,
  type Keymap,
  keyChoice,
  OWN_KEYS,
  refusal,
  resetKeys,
  resolveKeys,
} from '../../renderer/keys/keymap.ts'
import { keyOf, keyWords } from '../../renderer/keys/keyOf.ts'
import { KEY_SET_NAMES, KEY_SETS } from '../../renderer/keys/keySets.ts'

const keysOf = (choice: KeyChoice, id: ActionId) => resolveKeys(choice).get(id)

/** Presses that would mean two things in one room. */
function meantTwice(keymap: Keymap): string[] {
  return (['worklist', 'viewer'] as const).flatMap(room => {
    const rows = ACTIONS.filter(row => row.room === room || row.room === 'everywhere')
    const keys = rows.flatMap(row => keymap.get(row.id) ?? [])
    return keys.filter((key, index) => keys.indexOf(key) !== index).map(key => `${room} ${key}`)
  })
}

test.each(KEY_SET_NAMES)('in the set %s everything has a key, no key means two things, and each can be kept', set => {
  const keymap = resolveKeys({ set, changes: {} })
  expect(ACTIONS.filter(({ id }) => keymap.get(id)?.length === 0).map(row => row.id)).toEqual([])
  expect(meantTwice(keymap)).toEqual([])
  for (const { id, fixed } of ACTIONS) {
    for (const key of fixed ? [] : keymap.get(id)!) expect(`${id} ${key}: ${refusal(id, key)}`).toMatch(/undefined$/)
  }
  // What a set promises is what is pressed.
  for (const [id, keys] of Object.entries(KEY_SETS[set].keys)) expect(keymap.get(id as ActionId)).toEqual(keys)
})

test('a set’s keys do what they do where the hand learned them', () => {
  const means = (set: KeyChoice['set'], key: string) =>
    ACTIONS.filter(row => row.room === 'viewer' && resolveKeys({ set, changes: {} }).get(row.id)?.includes(key)).map(
      row => row.id,
    )
  expect(means('horos', 'M')).toEqual(['tool-pan'])
  expect(means('horos', 'T')).toEqual(['mark-text'])
  expect(means('weasis', 'T')).toEqual(['tool-pan'])
  expect(means('weasis', 'D')).toEqual(['mark-length'])
  expect(means('ohif', 'R')).toEqual(['rotate-right'])
  expect(means('ohif', 'ArrowRight')).toEqual(['pane-next'])
  expect(means('sectra', 'Ctrl+H')).toEqual(['flip-horizontal'])
})

test('a free key is given, in place of one or beside it, and taken away again', () => {
  const one = giveKey(OWN_KEYS, 'fit', 0, 'Ctrl+Alt+Z')
  expect(keysOf(one, 'fit')).toEqual(['Ctrl+Alt+Z'])
  const two = giveKey(one, 'fit', 1, 'Ctrl+Alt+B')
  expect(keysOf(two, 'fit')).toEqual(['Ctrl+Alt+Z', 'Ctrl+Alt+B'])
  expect(keysOf(dropKey(two, 'fit', 0), 'fit')).toEqual(['Ctrl+Alt+B'])
  expect(changedActions(two)).toEqual(['fit'])
  // Back by hand is back: nothing is left changed.
  expect(giveKey(dropKey(two, 'fit', 1), 'fit', 0, 'F')).toEqual(OWN_KEYS)
})

test('a key that is taken is swapped: who had it gets what was there', () => {
  expect(holdersOf(resolveKeys(OWN_KEYS), 'mark-length', 'G')).toEqual(['layout'])
  const swapped = giveKey(OWN_KEYS, 'mark-length', 0, 'G')
  expect(keysOf(swapped, 'mark-length')).toEqual(['G'])
  expect(keysOf(swapped, 'layout')).toEqual(['L'])
  // One more key has nothing to give back.
  const taken = giveKey(OWN_KEYS, 'mark-length', 1, 'G')
  expect(keysOf(taken, 'mark-length')).toEqual(['L', 'G'])
  expect(keysOf(taken, 'layout')).toEqual([])
  // Reset brings both back, whichever was asked for.
  expect(resetKeys(swapped, 'mark-length')).toEqual(OWN_KEYS)
  expect(resetKeys(swapped, 'layout')).toEqual(OWN_KEYS)
})

test('the same key may mean one thing in the worklist and another in the viewer, but not beside one of everywhere', () => {
  expect(holdersOf(resolveKeys(OWN_KEYS), 'layout-1x1', 'Alt+1')).toEqual([])
  expect(holdersOf(resolveKeys(OWN_KEYS), 'import', 'Alt+1')).toEqual(['list-1', 'layout-1x1'])
  const taken = giveKey(OWN_KEYS, 'import', 0, 'Alt+1')
  expect(keysOf(taken, 'list-1')).toEqual(['Ctrl+I'])
  expect(keysOf(taken, 'layout-1x1')).toEqual(['Ctrl+I'])
  expect(meantTwice(resolveKeys(taken))).toEqual([])
})

test('what cancels, moves the focus, belongs to the window or begins a search is not given away', () => {
  expect(refusal('fit', 'Escape')).toMatch(/cancels/)
  expect(refusal('fit', 'Enter')).toMatch(/focus/)
  expect(refusal('fit', 'Ctrl+W')).toMatch(/window/)
  expect(refusal('list-save', 'S')).toMatch(/search/)
  expect(refusal('row-stat', 'ArrowDown')).toMatch(/lists/)
  expect(refusal('row-toggle-read', 'S')).toBeUndefined()
  expect(refusal('fit', 'S')).toBeUndefined()
})

test('whatever is done in whatever order, no press means two things and the key that was asked for is had', () => {
  let seed = 7
  const random = (below: number) => {
    seed = (seed * 48271) % 2147483647
    return seed % below
  }
  const keys = [
    'A',
    'B',
    'G',
    'L',
    'Z',
    '=',
    ',',
    'F2',
    'F8',
    'Alt+1',
    'Ctrl+S',
    'Ctrl+Z',
    'Ctrl+I',
    '!',
    'Space',
    'Alt+R',
  ]
  const free = ACTIONS.filter(row => !row.fixed)
  for (const set of KEY_SET_NAMES) {
    let choice: KeyChoice = { set, changes: {} }
    for (let step = 0; step < 80; step++) {
      const { id } = free[random(free.length)]!
      const key = keys[random(keys.length)]!
      const kind = random(4)
      const before = resolveKeys(choice)
      if (kind === 0) choice = resetKeys(choice, id)
      else if (kind === 1) choice = dropKey(choice, id, 0)
      else if (refusal(id, key) === undefined) {
        choice = giveKey(choice, id, random(2), key)
        expect(keysOf(choice, id)).toContain(key)
        // Nobody loses anything but this key.
        const after = resolveKeys(choice)
        const lost = ACTIONS.filter(row => row.id !== id).flatMap(row =>
          before.get(row.id)!.filter(one => one !== key && !after.get(row.id)!.includes(one)),
        )
        expect(lost).toEqual([])
      }
      expect(meantTwice(resolveKeys(choice))).toEqual([])
      expect(keyChoice.parse(JSON.parse(JSON.stringify(choice)))).toEqual(choice)
    }
    for (const id of changedActions(choice)) choice = resetKeys(choice, id)
    expect(choice.changes).toEqual({})
  }
})

test('keys go out as text and come back; what is not for here is left out and said', () => {
  const choice = giveKey({ set: 'horos', changes: {} }, 'fit', 0, 'Ctrl+Alt+Z')
  expect(importKeys(exportKeys(choice))).toEqual({ choice, leftOut: [] })
  const odd = {
    isocenter: 'keys',
    version: 1,
    set: 'ohif',
    changes: { fit: ['Ctrl+Alt+Z', 'Escape'], cancel: ['X'], fly: ['Q'], 'zoom-in': ['Ctrl+Alt+Z'] },
  }
  expect(importKeys(JSON.stringify(odd))).toEqual({
    choice: { set: 'ohif', changes: { 'fit': ['Ctrl+Alt+Z'], 'zoom-in': [] } },
    leftOut: ['cancel', 'fly', 'fit: Escape', 'zoom-in: Ctrl+Alt+Z'],
  })
  for (const text of [
    '',
    '{}',
    'null',
    '{"isocenter":"keys","version":2,"set":"horos","changes":{}}',
    ' '.repeat(200_000),
  ]) {
    expect(importKeys(text)).toBeUndefined()
  }
})

test('what another version stored is read as far as it goes', () => {
  expect(keyChoice.parse({ set: 'emacs', changes: { fit: 'Ctrl+Alt+Z' } })).toEqual(OWN_KEYS)
  const stored = keyChoice.parse({ set: 'isocenter', changes: { fit: ['G'], gone: ['G'], layout: ['G'] } })
  expect([keysOf(stored, 'fit'), keysOf(stored, 'layout')]).toEqual([['G'], []])
  expect(meantTwice(resolveKeys(stored))).toEqual([])
})

const press = (key: string, code: string, held: Partial<Record<'ctrl' | 'alt' | 'shift', true>> = {}) =>
  keyOf({
    key,
    code,
    ctrlKey: held.ctrl ?? false,
    metaKey: false,
    altKey: held.alt ?? false,
    shiftKey: held.shift ?? false,
  })

test('a key is spelled by what it writes; where that is no letter of ours, by where it stands', () => {
  expect(press('r', 'KeyR')).toBe('R')
  expect(press('R', 'KeyR', { shift: true })).toBe('Shift+R')
  expect(press('?', 'Slash', { shift: true })).toBe('?')
  expect(press('PageUp', 'PageUp', { shift: true })).toBe('Shift+PageUp')
  expect(press(' ', 'Space')).toBe('Space')
  // French: the letter, not its place. Russian: the place. A Mac's Alt writes signs, and dead keys nothing.
  expect(press('a', 'KeyQ')).toBe('A')
  expect(press('к', 'KeyR')).toBe('R')
  expect(press('®', 'KeyR', { alt: true })).toBe('Alt+R')
  expect(press('Dead', 'KeyU', { alt: true })).toBe('Alt+U')
  expect(press('¡', 'Digit1', { alt: true })).toBe('Alt+1')
  expect(press('Shift', 'ShiftLeft', { shift: true })).toBe('')
  expect(keyWords('Ctrl+Alt++')).toBe('Ctrl+Alt++')
  expect(keyWords('Shift+ArrowUp')).toBe('Shift+↑')
})

test('a row says its room', () => {
  expect(actionRow('import').room).toBe('everywhere')
  expect(actionRow('list-save').room).toBe('worklist')
  expect(actionRow('cancel').room).toBe('viewer')
})
