import { expect, test } from 'vitest'
import { headsBeside, headsOf } from '../../shared/viewing/writing/heads.ts'

const version = (SOPInstanceUID: string, ...predecessors: string[]) => ({ SOPInstanceUID, predecessors })
const uids = (versions: Array<{ SOPInstanceUID: string }>) => versions.map(one => one.SOPInstanceUID)

test('two stations that went on from one version leave two heads; what is made from both is one again', () => {
  const [first, here, there] = [version('1'), version('2', '1'), version('3', '1')]
  expect(uids(headsOf([there, here, first]))).toEqual(['3', '2'])
  expect(uids(headsOf([version('4', '2', '3'), there, here, first]))).toEqual(['4'])
})

test('beside a reader stands what was not made from what the reader goes on from', () => {
  const versions = [version('5', '2'), version('3', '1'), version('2', '1'), version('1')]
  // 5 goes on from 2, and is newer; 3 does not.
  expect(uids(headsBeside(versions, ['2']))).toEqual(['3'])
  expect(uids(headsBeside(versions, ['2', '3']))).toEqual([])
  expect(uids(headsBeside(versions, []))).toEqual(['5', '3'])
  // A station that has never seen the first version.
  expect(uids(headsBeside([version('7'), version('6')], ['6']))).toEqual(['7'])
})

test('versions that name each other end', () => {
  expect(uids(headsBeside([version('1', '2'), version('2', '1'), version('3', '1')], []))).toEqual(['3'])
})
