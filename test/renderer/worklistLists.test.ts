import { beforeEach, expect, test, vi } from 'vitest'
import {
  boundWidth,
  changeColumn,
  completeColumns,
  defaultColumns,
  gridTemplate,
  moveColumn,
  shownColumns,
  stepColumn,
} from '../../renderer/worklist/columns.ts'
import {
  describeFilter,
  isEverything,
  listFilter,
  NO_FILTER,
  sameFilter,
  studyFilterOf,
} from '../../renderer/worklist/filters.ts'
import { ScrollRange } from '../../renderer/worklist/scrollRange.ts'
import { decodeIds, StudyOrder } from '../../renderer/worklist/studyOrder.ts'
import { encodeBase64 } from '../../shared/base64.ts'
import { studyFilter } from '../../shared/contract.ts'

const NOON = new Date(2026, 2, 1, 12)

test('relative dates are those of the moment they are asked at', () => {
  const dates = (date: typeof NO_FILTER.date) => {
    const { from, to } = studyFilterOf({ ...NO_FILTER, date }, NOON)
    return [from, to]
  }
  expect(dates({ kind: 'today' })).toEqual(['20260301', '20260301'])
  expect(dates({ kind: 'yesterday' })).toEqual(['20260228', '20260228'])
  expect(dates({ kind: 'days', days: 7 })).toEqual(['20260223', '20260301'])
  expect(dates({ kind: 'all' })).toEqual(['', ''])
  expect(dates({ kind: 'range', from: '20260301', to: '' })).toEqual(['20260301', ''])
  // Typed the wrong way round, it is still the days between.
  expect(dates({ kind: 'range', from: '20260301', to: '20260101' })).toEqual(['20260101', '20260301'])
})

test('every filter is a question the station understands, and "just arrived" moves with the clock', () => {
  const filter = listFilter.parse({ arrivedWithin: 60, modalities: ['CT'], statuses: ['new'], search: 'a' })
  expect(studyFilter.parse(studyFilterOf(filter, NOON)).receivedSince).toBe(NOON.getTime() - 3_600_000)
})

test('a list is recognised whatever order its chips were pressed in', () => {
  const one = listFilter.parse({ modalities: ['CT', 'MR'], statuses: ['new', 'opened'] })
  const other = listFilter.parse({ modalities: ['MR', 'CT'], statuses: ['opened', 'new'], search: ' ' })
  expect(sameFilter(one, other)).toBe(true)
  expect(sameFilter(one, { ...other, date: { kind: 'today' } })).toBe(false)
  expect(isEverything(one)).toBe(false)
  expect(isEverything(NO_FILTER)).toBe(true)
})

test('a list to be saved is offered a name that says what is in it', () => {
  const filter = listFilter.parse({ modalities: ['CT'], statuses: ['new', 'opened'], date: { kind: 'today' } })
  expect(describeFilter(filter, day => day)).toBe('CT unread today')
  expect(describeFilter(listFilter.parse({ priorities: ['stat'], search: 'doe' }), day => day)).toBe('STAT “doe”')
  expect(
    describeFilter(listFilter.parse({ statuses: ['new', 'read'], priorities: ['stat', 'urgent'] }), day => day),
  ).toBe('STAT or urgent new or read')
})

test('columns keep order, width and hiding; what a newer version brings stands in its place', () => {
  const moved = moveColumn(defaultColumns(), 'modality', 'status')
  expect(shownColumns(moved)[0]?.key).toBe('modality')
  expect(shownColumns(stepColumn(moved, 'modality', 1))[1]?.key).toBe('modality')
  expect(stepColumn(moved, 'modality', -1)).toBe(moved)
  const hidden = changeColumn(moved, 'sex', { hidden: true })
  expect(shownColumns(hidden).some(column => column.key === 'sex')).toBe(false)
  const stored = [{ key: 'nonsense' }, { key: 'id', width: 99_999 }, { key: 'id' }]
  const completed = completeColumns(stored)
  expect(completed).toHaveLength(defaultColumns().length)
  expect(completed.find(one => one.key === 'id')?.width).toBe(boundWidth(99_999))
  expect(new Set(completed.map(one => one.key)).size).toBe(completed.length)
})

test('a width set by hand is that many pixels, at the text’s size; nothing is left uncovered', () => {
  const columns = defaultColumns().filter(column => ['name', 'sex'].includes(column.key))
  expect(gridTemplate(columns, 1)).toBe('minmax(150px, 2fr) 38px 0')
  expect(gridTemplate(changeColumn(columns, 'name', { width: 200 }), 1.5)).toBe('300px 57px minmax(0, 1fr)')
})

test('an order holds each study once, and lets new ones in at its top without touching the one that stands', () => {
  const order = new StudyOrder([5, 3, 9])
  order.append(new Uint32Array([3, 7, 70_000]))
  expect(order.slice(0, 99)).toEqual([5, 3, 9, 7, 70_000])
  const merged = order.withTop([8, 9])
  expect(merged.slice(0, 99)).toEqual([8, 9, 5, 3, 7, 70_000])
  expect(order.slice(0, 99)).toEqual([5, 3, 9, 7, 70_000])
  expect([order.indexOf(7), order.indexOf(8), order.at(5), order.at(-1)]).toEqual([3, -1, undefined, undefined])
  expect([merged.has(70_000), order.has(8)]).toEqual([true, false])
})

test('a million ids come through base64 as they went in', () => {
  const ids = new Uint32Array(1_000_000).map((_, index) => (index * 2_654_435_761) >>> 0)
  const order = new StudyOrder()
  order.append(new Uint32Array(1_000_000).map((_, index) => 1_000_000 - index))
  const decoded = decodeIds(encodeBase64(new Uint8Array(ids.buffer)))
  expect(decoded.length).toBe(ids.length)
  expect(decoded.every((id, index) => id === ids[index])).toBe(true)
  expect(order.length).toBe(1_000_000)
  expect(order.indexOf(1)).toBe(999_999)
})

test('a short list scrolls as the browser does', () => {
  const range = new ScrollRange()
  range.resize(1000, 28, 500)
  expect([range.height, range.mapped]).toEqual([28_000, false])
  range.scrolled(2800)
  expect(range.rows()).toEqual({ first: 100, end: 119 })
  range.reveal(999)
  expect(range.top).toBe(28_000 - 500)
  // As many as anywhere else, though the last one has none after it.
  expect(range.rows()).toEqual({ first: 981, end: 1000 })
})

test('a million rows have an element the browser can make, both ends are reached, and the wheel moves by pixels', () => {
  const range = new ScrollRange()
  range.resize(1_000_000, 42, 900)
  expect(range.height).toBeLessThan(16_777_216)
  range.scrolled(range.height - 900)
  expect(range.rows().end).toBe(1_000_000)
  range.scrolled(0)
  expect(range.rows().first).toBe(0)
  range.reveal(499_999)
  const before = range.rows().first
  range.scrollBy(42 * 3)
  expect(range.rows().first).toBe(before + 3)
  // What the browser rounds of our own position is no movement.
  const { top } = range
  range.scrolled(Math.round(range.scrollTop))
  expect(range.top).toBe(top)
})

test('larger text keeps the first row on the screen', () => {
  const range = new ScrollRange()
  range.resize(10_000, 28, 560)
  range.reveal(5000)
  const { first } = range.rows()
  range.resize(10_000, 42, 560)
  expect(range.rows().first).toBe(first)
})

// ── rows ──

interface Asked {
  ids: number[]
  signal: AbortSignal
  answer: (ids?: number[]) => Promise<void>
}
const asked: Asked[] = []
vi.mock('../../renderer/client.ts', () => ({
  call: (_name: string, { ids }: { ids: number[] }, signal: AbortSignal) =>
    new Promise(resolve => {
      asked.push({
        ids,
        signal,
        answer: async (found = ids) => {
          const { studySummary } = await import('./studySummary.ts')
          resolve({ studies: found.map(id => studySummary(id, { NumberOfStudyRelatedInstances: asked.length })) })
          // The reader's own steps behind the answer.
          for (let turn = 0; turn < 5; turn++) await Promise.resolve()
        },
      })
    }),
}))
beforeEach(() => {
  asked.length = 0
})

test('what is seen never waits for what was passed by; what comes next is asked last, what changed again', async () => {
  const { rowOf, rowsChanged, wantRows } = await import('../../renderer/worklist/studyRows.ts')
  const askedFor = () => asked.map(one => one.ids)
  const givenUp = () => asked.map(one => one.signal.aborted)
  wantRows([1, 2], [3, 4])
  wantRows([10, 11], [12])
  // Dragged on before the answers: two requests are under way at most, so the older one is given up.
  wantRows([20, 21], [22])
  expect(askedFor()).toEqual([
    [1, 2],
    [10, 11],
    [20, 21],
  ])
  expect(givenUp()).toEqual([true, false, false])
  // Of the other one, a row is seen still.
  wantRows([11, 30], [32])
  expect(askedFor()[3]).toEqual([30])
  expect(givenUp()).toEqual([true, false, true, false])
  await asked[0]!.answer()
  expect(rowOf(1)).toBeUndefined()
  await asked[1]!.answer()
  expect(rowOf(11)?.id).toBe(11)
  // The station does not know it any more.
  await asked[3]!.answer([])
  expect(rowOf(30)).toBeNull()
  expect(askedFor()[4]).toEqual([32])
  await asked[4]!.answer()
  rowsChanged(['2.25.11', '2.25.1'])
  expect(askedFor()[5]).toEqual([11])
  // Changed again while it is on its way: what comes is already old.
  rowsChanged(['2.25.11'])
  await asked[5]!.answer()
  expect(askedFor()[6]).toEqual([11])
  await asked[6]!.answer()
  expect(asked).toHaveLength(7)
})

test('what was decided is shown at once and stays over an older answer, until the station has said it', async () => {
  const { proposeRow, rowOf, wantRows } = await import('../../renderer/worklist/studyRows.ts')
  wantRows([100], [])
  await asked[0]!.answer()
  proposeRow(100, { priority: 'stat' })
  expect(rowOf(100)?.priority).toBe('stat')
  proposeRow(100, undefined)
  expect(rowOf(100)?.priority).toBe('stat')
  await asked[1]!.answer()
  expect(rowOf(100)?.priority).toBe('routine')
})
