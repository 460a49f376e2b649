import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { displayFor, setUpOf, WindowPlaces } from '../../electron/shell/places.ts'

// What it is asked here needs no Electron.
vi.mock('electron', () => ({ session: {} }))
const { anotherWindow } = await import('../../electron/shell/security.ts')

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'isocenter-places-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const LEFT = { x: 0, y: 0, width: 1200, height: 1600 }
const RIGHT = { x: 1200, y: 0, width: 1200, height: 1600 }

test('where a window was left is kept by display set-up; a file that is damaged is as none', () => {
  const places = new WindowPlaces(folder)
  expect(places.of(setUpOf([LEFT, RIGHT]), 2)).toBeUndefined()
  const place = { x: 1300, y: 40, width: 1000, height: 900 }
  places.keep(setUpOf([LEFT, RIGHT]), 2, place)
  expect(new WindowPlaces(folder).of(setUpOf([RIGHT, LEFT]), 2)).toEqual(place)
  expect(places.of(setUpOf([LEFT]), 2)).toBeUndefined()
  writeFileSync(path.join(folder, 'windows.json'), '{"x": 1')
  expect(places.of(setUpOf([LEFT, RIGHT]), 2)).toBeUndefined()
})

test('each window opens on a display of its own, then in turn', () => {
  expect([1, 2, 3].map(number => displayFor(number, [LEFT, RIGHT]))).toEqual([LEFT, RIGHT, LEFT])
  expect(displayFor(2, [LEFT])).toEqual(LEFT)
})

test('a page may ask for another window of the station, and for nothing else', () => {
  const origin = 'http://127.0.0.1:11180'
  const asked = `${origin}/?window=2&group=3a5e9c6e-0000-4000-8000-000000000001`
  expect(anotherWindow(asked, origin)).toBe(2)
  const refused = [
    asked.replace('11180', '11181'),
    asked.replace('127.0.0.1', 'example.org'),
    asked.replace('/?', '/api/files?'),
    asked.replace('window=2', 'window=1'),
    asked.replace('window=2', 'window=99'),
    `${asked}#x`,
    `${asked}&key=1`,
    'javascript:alert(1)',
    'about:blank',
  ]
  for (const url of refused) expect(anotherWindow(url, origin), url).toBeUndefined()
  expect(anotherWindow(asked, undefined)).toBeUndefined()
})
