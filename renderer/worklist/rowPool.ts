import type { ColumnChoice } from './columns.ts'
import { PooledRow } from './pooledRow.ts'
import type { ScrollRange } from './scrollRange.ts'
import { StudyOrder } from './studyOrder.ts'
import { onRowPut, wantRows } from './studyRows.ts'

/** Rows stand relative to a block's top: a step of the wheel moves the block and leaves those that stay where they are. */
export const BLOCK_ROWS = 256
/** Rows fetched beyond the edges, at least: two screens each way; and how many at a time. */
const AHEAD = 60
const FETCHED = 64
/**
 * Rows written in one frame, or a third of the screen where that is more: laying out the text of one takes half a millisecond to
 * one. The others stand as places to be filled until the frame after.
 */
const WRITTEN = 12
/** Once the hand rests this long, the rows are put in the document in the order they are read in, so many at a time. */
const REST_MS = 200
const MOVED = 8

/** What the rows are drawn from. */
export interface DrawnList {
  columns: ColumnChoice[]
  order: StudyOrder
  /** Studies of the order that are known by now. */
  length: number
  /** The cursor row, or -1. */
  current: number
  /** Height of a row, px. */
  row: number
}

/**
 * The rows on the screen, and no others: a fixed set of elements that are written anew when they come in at the other end. They are
 * drawn within the scroll event, so that the frame that shows a place has its rows: React would draw them a frame later, and
 * while a thumb is dragged never.
 */
export class RowPool {
  readonly #block: HTMLElement
  readonly #range: ScrollRange
  #list: DrawnList = { columns: [], order: new StudyOrder(), length: 0, current: -1, row: 1 }
  /** Row `index` of the list stands in `index % length`. */
  #rows: PooledRow[] = []
  #asked = ''
  #frame: number | undefined
  #rest: ReturnType<typeof setTimeout> | undefined
  readonly #stop: () => void

  constructor(block: HTMLElement, range: ScrollRange) {
    this.#block = block
    this.#range = range
    this.#stop = onRowPut(id => {
      if (this.#rows.some(row => row.id === id)) this.#writeSoon()
    })
  }

  dispose(): void {
    this.#stop()
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame)
    clearTimeout(this.#rest)
    this.#resize(0)
  }

  /** Draws this list from now on. */
  show(list: DrawnList): void {
    if (list.columns !== this.#list.columns) this.#resize(0)
    if (list.order !== this.#list.order || list.length !== this.#list.length) this.#asked = ''
    this.#list = list
    this.draw()
  }

  /** Puts the rows of the range's place on the screen, and asks for those that are not here. */
  draw(): void {
    const { order, current, row } = this.#list
    const { first, end } = this.#range.rows()
    this.#resize(end - first)
    const block = Math.floor(first / BLOCK_ROWS) * BLOCK_ROWS
    this.#block.style.transform = `translateY(${Math.round(block * row - this.#range.top)}px)`
    for (let index = first; index < end; index++) {
      this.#rows[index % this.#rows.length]?.place(order.at(index), index, (index - block) * row, index === current)
    }
    this.#write()
    this.#ask(first, end)
    clearTimeout(this.#rest)
    this.#rest = setTimeout(() => this.#sort(), REST_MS)
  }

  /** Gives a cell the text that explains it: when the pointer comes, as most cells never see it. */
  explain(cell: HTMLElement): void {
    for (const row of this.#rows) if (row.element === cell.parentElement) row.explain(cell)
  }

  /** From the top on. */
  #write(): void {
    const outdated = this.#rows.filter(row => row.outdated).sort((one, other) => one.index - other.index)
    const most = Math.max(WRITTEN, Math.ceil(this.#rows.length / 3))
    for (const row of outdated.slice(0, most)) row.write()
    for (const row of outdated.slice(most)) row.conceal()
    if (outdated.length > most) this.#writeSoon()
  }

  #writeSoon(): void {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined
      this.#write()
    })
  }

  #ask(first: number, end: number): void {
    const asked = `${first} ${end}`
    if (asked === this.#asked) return
    this.#asked = asked
    const { order, length } = this.#list
    // In whole blocks: a step of the wheel mostly asks for nothing.
    const from = Math.floor(Math.max(0, first - AHEAD) / FETCHED) * FETCHED
    const to = Math.ceil((end + AHEAD) / FETCHED) * FETCHED
    // Both ends are a key away.
    const ends = [...order.slice(0, FETCHED), ...order.slice(length - FETCHED, length)]
    wantRows(order.slice(first, end), [...order.slice(from, to), ...ends])
  }

  #resize(count: number): void {
    while (this.#rows.length > count) this.#rows.pop()?.element.remove()
    while (this.#rows.length < count) {
      const made = new PooledRow(this.#list.columns)
      this.#rows.push(made)
      this.#block.append(made.element)
    }
  }

  /** Whoever has the rows read aloud hears them in their order. */
  #sort(): void {
    // An element that is moved under a pressed pointer gets no click.
    if (this.#block.querySelector(':active') !== null) return
    const sorted = this.#rows.toSorted((one, other) => one.index - other.index)
    let moved = 0
    for (const [at, { element }] of sorted.entries()) {
      const before = this.#block.children[at]
      if (before === element) continue
      if (moved++ === MOVED) {
        this.#rest = setTimeout(() => this.#sort(), REST_MS)
        return
      }
      this.#block.insertBefore(element, before ?? null)
    }
  }
}
