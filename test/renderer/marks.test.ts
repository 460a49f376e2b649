import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Change, type DraftCounter, DraftKeeper } from '../../renderer/viewer/marks/draftKeeper.ts'
import { drawnPoints, handlesOf, holdAt, labelBox, movedMark, withHandle } from '../../renderer/viewer/marks/edit.ts'
import { type Draft, EMPTY_DRAFT, type Mark, type MarkKind } from '../../shared/viewing/draft.ts'
import type { Point } from '../../shared/viewing/measure/scale.ts'

function mark(
  id: string,
  kind: MarkKind = 'length',
  points: Point[] = [
    [10, 10],
    [30, 10],
  ],
): Mark {
  return { id, kind, SeriesInstanceUID: '1.2', SOPInstanceUID: '1.2.3', frame: 1, points, text: '' }
}
const made = (one: Mark): Change[] => [{ mark: { after: one } }]

/** A station that keeps one draft, as the contract says it. */
class FakeStation {
  kept: { draft: unknown; rev: number } = { draft: null, rev: 0 }
  online = true
  puts = 0
  told = 0
  /** Waits before an answer, when set. */
  hold: Promise<void> | undefined

  counter(): DraftCounter {
    return {
      get: async () => {
        if (!this.online) throw new Error('The station is not reachable. Trying again.')
        const answer = structuredClone(this.kept)
        await this.hold
        return answer
      },
      put: async (_study, draft, rev) => {
        this.puts++
        await this.hold
        if (!this.online) throw new Error('The station is not reachable. Trying again.')
        if (rev !== this.kept.rev) return { rev: null }
        this.kept = { draft: structuredClone(draft), rev: rev + 1 }
        return { rev: rev + 1 }
      },
      tell: () => {
        this.told++
      },
    }
  }

  get ids(): string[] {
    return ((this.kept.draft as Draft | null)?.marks ?? []).map(({ id }) => id)
  }
}

const ids = (keeper: DraftKeeper) => keeper.draft.marks.map(({ id }) => id)

describe('a draft', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })
  const settle = () => vi.advanceTimersByTimeAsync(0)

  test('a page that is left while the draft is read anew still brings what was just drawn to the station', async () => {
    const station = new FakeStation()
    const counter = station.counter()
    let isSlow = false
    const get: DraftCounter['get'] = study => (isSlow ? new Promise(() => {}) : counter.get(study))
    const keeper = new DraftKeeper('1', { ...counter, get })
    await keeper.ready
    keeper.edit(made(mark('a')))
    await settle()
    isSlow = true
    void keeper.read()
    keeper.edit(made(mark('b')))
    keeper.flush()
    await settle()
    expect(station.ids).toEqual(['a', 'b'])
  })

  test('left before it was ever read it is kept where the station has none, and never over one that it has', async () => {
    for (const there of [false, true]) {
      const station = new FakeStation()
      if (there) station.kept = { draft: { ...EMPTY_DRAFT, marks: [mark('theirs')] }, rev: 3 }
      const keeper = new DraftKeeper('1', { ...station.counter(), get: () => new Promise(() => {}) })
      void keeper.ready
      keeper.edit(made(mark('mine')))
      keeper.flush()
      await settle()
      expect(station.ids).toEqual([there ? 'theirs' : 'mine'])
    }
  })

  test('is kept the moment a mark is made, and comes back', async () => {
    const station = new FakeStation()
    const keeper = new DraftKeeper('1', station.counter())
    await keeper.read()
    keeper.edit(made(mark('a')))
    expect(keeper.state.getState().saved).toBe(false)
    await settle()
    expect(keeper.state.getState()).toMatchObject({ saved: true, trouble: undefined })
    expect(station.ids).toEqual(['a'])
    const again = new DraftKeeper('1', station.counter())
    await again.read()
    expect(ids(again)).toEqual(['a'])
    expect(station.puts).toBe(1)
  })

  test('is kept later when the station is away, and says so meanwhile', async () => {
    const station = new FakeStation()
    station.online = false
    const keeper = new DraftKeeper('1', station.counter())
    await keeper.read()
    keeper.edit(made(mark('a')))
    await settle()
    expect(keeper.state.getState().trouble).toContain('not reachable')
    // A saved version would be laid over what the station has.
    expect(keeper.isRead).toBe(false)
    await vi.advanceTimersByTimeAsync(20_000)
    keeper.edit(made(mark('b')))
    station.online = true
    keeper.retry()
    await vi.advanceTimersByTimeAsync(1000)
    expect(station.ids).toEqual(['a', 'b'])
    expect(keeper.isRead).toBe(true)
    expect(keeper.state.getState()).toMatchObject({ saved: true, trouble: undefined })
  })

  test('of two windows is both', async () => {
    const station = new FakeStation()
    const [here, there] = [new DraftKeeper('1', station.counter()), new DraftKeeper('1', station.counter())]
    await Promise.all([here.read(), there.read()])
    here.edit(made(mark('a')))
    await settle()
    there.edit(made(mark('b')))
    await settle()
    expect(station.ids).toEqual(['a', 'b'])
    await here.read()
    expect(ids(here)).toEqual(['a', 'b'])
    expect(station.told).toBe(2)
  })

  test('that is being read for the first time is not asked for twice by who opens its study', async () => {
    const station = new FakeStation()
    const { get } = station.counter()
    let asked = 0
    const counter = {
      ...station.counter(),
      get: (study: string) => {
        asked++
        return get(study)
      },
    }
    const keeper = new DraftKeeper('1', counter)
    void keeper.ready
    await keeper.newest()
    expect(asked).toBe(1)
    await keeper.newest()
    expect(asked).toBe(2)
  })

  test('that another window changes while an answer is on its way is read again', async () => {
    const station = new FakeStation()
    const there = new DraftKeeper('1', station.counter())
    await there.read()
    const here = new DraftKeeper('1', station.counter())
    const held = Promise.withResolvers<void>()
    station.hold = held.promise
    const reading = here.read()
    await settle()
    station.hold = undefined
    there.edit(made(mark('a')))
    await settle()
    void here.read()
    held.resolve()
    await reading
    expect(ids(here)).toEqual(['a'])
  })

  test('that changes while it is being sent is sent again', async () => {
    const station = new FakeStation()
    const keeper = new DraftKeeper('1', station.counter())
    await keeper.read()
    let go = () => {}
    station.hold = new Promise(resolve => {
      go = resolve
    })
    keeper.edit(made(mark('a')))
    await settle()
    keeper.edit(made(mark('b')))
    go()
    await settle()
    expect(station.ids).toEqual(['a', 'b'])
    expect(station.puts).toBe(2)
  })

  test('of a newer version is shown as nothing and never overwritten', async () => {
    const station = new FakeStation()
    station.kept = { draft: { version: 3, secrets: true }, rev: 5 }
    const keeper = new DraftKeeper('1', station.counter())
    await keeper.read()
    keeper.edit(made(mark('a')))
    await settle()
    expect(station.kept).toEqual({ draft: { version: 3, secrets: true }, rev: 5 })
    expect(keeper.state.getState().trouble).toContain('newer version')
  })

  test('never holds what could not be read again', async () => {
    const station = new FakeStation()
    const keeper = new DraftKeeper('1', station.counter())
    await keeper.read()
    keeper.edit(
      made(
        mark('a', 'length', [
          [0, Number.NaN],
          [1, 1],
        ]),
      ),
    )
    await settle()
    expect(keeper.state.getState().trouble).toContain('more than is kept')
    expect(station.kept.rev).toBe(0)
    keeper.edit(made(mark('b')))
    await settle()
    expect(station.ids).toEqual(['b'])
    expect(keeper.state.getState().trouble).toBeUndefined()
  })

  test('is undone and done again, step by step, sparing what another window made', async () => {
    const station = new FakeStation()
    const keeper = new DraftKeeper('1', station.counter())
    await keeper.read()
    keeper.edit(made(mark('a')))
    const moved = movedMark(mark('a'), 5, 5)
    keeper.edit([{ mark: { before: mark('a'), after: moved } }])
    await settle()
    const other = new DraftKeeper('1', station.counter())
    await other.read()
    other.edit(made(mark('theirs')))
    await settle()
    await keeper.read()
    keeper.undo()
    expect(keeper.draft.marks.find(({ id }) => id === 'a')?.points).toEqual([
      [10, 10],
      [30, 10],
    ])
    keeper.undo()
    expect(ids(keeper)).toEqual(['theirs'])
    keeper.undo()
    expect(ids(keeper)).toEqual(['theirs'])
    keeper.redo()
    keeper.redo()
    expect(keeper.draft.marks.find(({ id }) => id === 'a')).toEqual(moved)
    await settle()
    expect(station.ids.sort()).toEqual(['a', 'theirs'])
    keeper.edit([{ mark: { before: moved } }])
    keeper.undo()
    expect(ids(keeper).sort()).toEqual(['a', 'theirs'])
  })

  test('keeps views and layout, which undo leaves alone', async () => {
    const station = new FakeStation()
    const keeper = new DraftKeeper('1', station.counter())
    await keeper.read()
    const view = { inverted: true, quarterTurns: 1 as const, mirrored: false, SOPInstanceUID: '1.2.3', frame: 1 }
    keeper.arrange({ views: { '1.2': view } })
    keeper.edit(made(mark('a')))
    keeper.undo()
    await settle()
    expect(station.kept.draft).toEqual({ ...EMPTY_DRAFT, views: { '1.2': view } })
  })
})

describe('a mark under the hand', () => {
  const one = { a: 1, b: 0, c: 0, d: 1, e: 0, f: 0 }
  const double = { a: 2, b: 0, c: 0, d: 2, e: 100, f: 0 }
  const px = { unit: 'px' as const, x: 1, y: 1, note: '' }

  test('10 px take hold of a handle, at every zoom; a line is taken between', () => {
    const length = mark('a')
    expect(holdAt(length, undefined, one, [15, 14], px)).toEqual({ part: 'handle', index: 0 })
    expect(holdAt(length, undefined, one, [20, 16], px)).toBeUndefined()
    expect(holdAt(length, undefined, double, [165, 25], px)).toEqual({ part: 'handle', index: 1 })
    expect(holdAt(length, undefined, one, [20, 13], px)).toEqual({ part: 'body' })
    expect(holdAt(length, { x: 50, y: 50, width: 40, height: 14 }, one, [60, 55], px)).toEqual({ part: 'label' })
  })

  test.each<[MarkKind, Point[]]>([
    [
      'length',
      [
        [10, 10],
        [30, 10],
      ],
    ],
    [
      'angle',
      [
        [10, 10],
        [30, 10],
        [30, 40],
      ],
    ],
    [
      'cobb',
      [
        [10, 10],
        [30, 10],
        [10, 50],
        [30, 40],
      ],
    ],
    [
      'ellipse',
      [
        [10, 10],
        [30, 20],
      ],
    ],
    [
      'rectangle',
      [
        [30, 20],
        [10, 10],
      ],
    ],
    [
      'arrow',
      [
        [10, 10],
        [30, 10],
      ],
    ],
  ])('%s: a handle goes where it is put, and only it', (kind, points) => {
    const before = mark('a', kind, points)
    for (const [index, at] of handlesOf(before).entries()) {
      const after = handlesOf(withHandle(before, index, [at[0] + 3, at[1] + 2], px))
      if (kind === 'ellipse') {
        // A side moves; the handles of the other two follow to its middle.
        const along = index < 2 ? 0 : 1
        expect(after[index]?.[along]).toBe(at[along] + (along === 0 ? 3 : 2))
      } else {
        expect(after[index]).toEqual([at[0] + 3, at[1] + 2])
      }
    }
    const moved = movedMark({ ...before, label: [1, 1] }, 4, -2)
    expect(moved.points).toEqual(points.map(([x, y]) => [x + 4, y - 2]))
    expect(moved.label).toEqual([5, -1])
  })

  test('the points not placed yet follow the pointer', () => {
    expect(drawnPoints('angle', [[1, 1]], [5, 5], px)).toEqual([
      [1, 1],
      [5, 5],
      [5, 5],
    ])
    const [, , c, d] = drawnPoints('bidirectional', [[0, 0]], [8, 0], px)
    expect([c, d]).toEqual([
      [4, 2],
      [4, -2],
    ])
  })

  test('a label is never cut by the pane', () => {
    const text = { width: 60, height: 28 }
    const pane = { width: 200, height: 100 }
    for (const points of [
      [
        [0, 0],
        [199, 0],
      ],
      [
        [-500, 300],
        [900, 400],
      ],
      [
        [10, 99],
        [198, 99],
      ],
    ] as Point[][]) {
      const { x, y } = labelBox(mark('a', 'length', points), text, one, pane, px)
      expect(x).toBeGreaterThanOrEqual(2)
      expect(y).toBeGreaterThanOrEqual(2)
      expect(x + 60).toBeLessThanOrEqual(198)
      expect(y + 28).toBeLessThanOrEqual(98)
    }
  })
})
