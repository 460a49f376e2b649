import { expect, test } from 'vitest'
import { defaultDataDir } from '../../shared/places.ts'

test.each([
  ['linux', {}, '/home/u', '/home/u/.local/share/isocenter'],
  ['linux', { XDG_DATA_HOME: '/data' }, '/home/u', '/data/isocenter'],
  ['linux', { XDG_DATA_HOME: 'relative' }, '/home/u', '/home/u/.local/share/isocenter'],
  ['darwin', {}, '/Users/u', '/Users/u/Library/Application Support/Isocenter'],
  ['win32', { APPDATA: 'C:\\Users\\u\\AppData\\Roaming' }, 'C:\\Users\\u', 'C:\\Users\\u\\AppData\\Roaming\\Isocenter'],
  ['win32', {}, 'C:\\Users\\u', 'C:\\Users\\u\\AppData\\Roaming\\Isocenter'],
])('on %s with %o the data folder of %s is %s', (platform, env, home, expected) => {
  expect(defaultDataDir(platform, env, home)).toBe(expected)
})
