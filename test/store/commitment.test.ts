import { expect, test } from 'vitest'
import type { ReferencedCopy } from '../../electron/station/store/commitment/readReferenced.ts'
import { standingOf } from '../../electron/station/store/commitment/verify.ts'

const CT = '1.2.840.10008.5.1.4.1.1.2'

const copy = (contentId: number, more: Partial<ReferencedCopy> = {}): ReferencedCopy => ({
  SOPInstanceUID: '1.2',
  SOPClassUID: CT,
  contentId,
  shown: 0,
  volume: 1,
  available: 1,
  file: `files/${contentId}`,
  offset: 0,
  metaLength: 300,
  length: 1000,
  crc: null,
  sha256: new Uint8Array(),
  state: 'whole',
  atArchive: 0,
  ...more,
})
const NOTHING_TRIED = new Set<string>()

test('what is not here, and what is another kind of object', () => {
  expect(standingOf(CT, [], NOTHING_TRIED)).toEqual({ failure: 0x0112 })
  expect(standingOf('1.2.3', [copy(1)], NOTHING_TRIED)).toEqual({ failure: 0x0119 })
})

test('the shown content is read first; where it turns out damaged, any other whole one will do', () => {
  const copies = [copy(2, { shown: 1 }), copy(1)]
  expect(standingOf(CT, copies, NOTHING_TRIED)).toEqual({ read: copies[0] })
  expect(standingOf(CT, copies, new Set(['2 1 0 files/2']))).toEqual({ read: copies[1] })
  expect(standingOf(CT, copies, new Set(['2 1 0 files/2', '1 1 0 files/1']))).toEqual({ failure: 0x0110 })
  expect(standingOf(CT, [copy(1, { state: 'damaged' })], NOTHING_TRIED)).toEqual({ failure: 0x0110 })
})

test('what moved since it was read is read again at its new place', () => {
  const moved = copy(1, { volume: 2, file: '/nas/1' })
  expect(standingOf(CT, [moved], new Set(['1 1 0 files/1']))).toEqual({ read: moved })
})

test('a disk that is away says neither yes nor no', () => {
  const away = copy(1, { volume: 2, available: 0 })
  expect(standingOf(CT, [away], NOTHING_TRIED)).toBe('away')
  const other = copy(2)
  expect(standingOf(CT, [away, other], NOTHING_TRIED)).toEqual({ read: other })
})

test('what has left for an archive is as safe as that archive was shown to hold it', () => {
  const left = copy(1, { volume: -1, available: 0, file: '' })
  expect(standingOf(CT, [{ ...left, atArchive: 1 }], NOTHING_TRIED)).toBe('kept')
  expect(standingOf(CT, [left], NOTHING_TRIED)).toEqual({ failure: 0x0112 })
  // A version that lies here is read before an archive is believed.
  const here = copy(2)
  expect(standingOf(CT, [{ ...left, atArchive: 1 }, here], NOTHING_TRIED)).toEqual({ read: here })
})
