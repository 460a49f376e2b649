import { expect, test } from 'vitest'
import { parseRange } from '../../electron/station/web/byteRange.ts'

test.each([
  [null, null],
  ['bytes=0-0', { first: 0, last: 0 }],
  ['bytes=5-', { first: 5, last: 99 }],
  ['bytes=5-500', { first: 5, last: 99 }],
  ['bytes=-5', { first: 95, last: 99 }],
  ['bytes=-500', { first: 0, last: 99 }],
  ['bytes=100-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=7-5', null],
  ['bytes=-', null],
  ['bytes=1-2,4-5', null],
  ['items=1-2', null],
  ['bytes=1e3-', null],
] as const)('%s of 100 bytes', (header, expected) => {
  expect(parseRange(header, 100)).toEqual(expected)
})
