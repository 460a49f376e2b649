import { expect, test } from 'vitest'
import { EMPTY_DRAFT, type Mark } from '../../shared/viewing/draft.ts'
import { changesSince } from '../../shared/viewing/writing/changes.ts'

const mark = (id: string, x: number): Mark => ({
  id,
  kind: 'probe',
  SeriesInstanceUID: '1.2',
  SOPInstanceUID: `1.2.${id}`,
  frame: 1,
  points: [[x, 1]],
  text: '',
})
const report = (...marks: Mark[]) => ({ marks, calibrations: {} })

test('what differs from the saved version is counted, and what no version could hold now is nobody’s change', () => {
  const draft = { ...EMPTY_DRAFT, marks: [mark('1', 5), mark('2', 5)] }
  expect(changesSince(draft, undefined, []).marks).toBe(2)
  expect(changesSince(draft, report(...draft.marks), [])).toEqual({ marks: 0, keyImages: 0 })
  expect(changesSince(draft, report(mark('1', 6), mark('2', 5)), []).marks).toBe(1)
  expect(changesSince(draft, report(mark('1', 5), mark('2', 5), mark('3', 5)), []).marks).toBe(1)
  const absent = new Set(['2'])
  expect(changesSince(draft, report(mark('1', 5)), [], absent).marks).toBe(0)
  expect(changesSince(draft, report(...draft.marks), [], absent).marks).toBe(0)
  expect(changesSince(draft, report(mark('1', 6)), [], absent).marks).toBe(1)
})
