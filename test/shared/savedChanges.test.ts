import { expect, test } from 'vitest'
import { EMPTY_DRAFT, type Mark, type SetView } from '../../shared/viewing/draft.ts'
import { changesSince } from '../../shared/viewing/writing/changes.ts'
import { takenUp } from '../../shared/viewing/writing/presentationState.ts'

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

test('a saved view is taken up where the reader has only scrolled, and never over what the reader has set', () => {
  const plain: SetView = { inverted: false, quarterTurns: 0, mirrored: false, SOPInstanceUID: '1.2.9', frame: 1 }
  const turned: SetView = { ...plain, quarterTurns: 1, SOPInstanceUID: '1.2.1' }
  const saved = { new: turned, scrolled: turned, set: turned, live: turned }
  const own = { scrolled: plain, set: { ...plain, inverted: true } }
  expect(takenUp(saved, own, set => set === 'live')).toEqual({
    new: turned,
    scrolled: { ...turned, SOPInstanceUID: '1.2.9' },
  })
})
