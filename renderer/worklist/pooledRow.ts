import { CELLS, type Cell, type CellWriter } from './cells.ts'
import type { ColumnChoice } from './columns.ts'
import { rowOf } from './studyRows.ts'

/** One row of the screen, written with one study after the other. The table has its clicks and keys. */
export class PooledRow {
  /** To be put into the grid by the pool. */
  readonly element = document.createElement('div')
  id: number | undefined
  index = -1
  readonly #cells: Array<{ cell: HTMLElement; write: CellWriter; title: Cell['title'] }> = []
  #offset = -1
  #current: boolean | undefined
  /** What is written: undefined = nothing that may be seen. */
  #shown: ReturnType<typeof rowOf>

  constructor(columns: ColumnChoice[]) {
    this.element.className = 'study-row'
    this.element.setAttribute('role', 'row')
    for (const { key, hidden } of columns) {
      const kind = hidden ? undefined : CELLS[key]
      if (kind === undefined) continue
      const cell = document.createElement('div')
      cell.setAttribute('role', 'gridcell')
      cell.dataset.column = key
      cell.className = kind.className ?? ''
      this.#cells.push({ cell, write: kind.make(cell), title: kind.title })
      this.element.append(cell)
    }
    this.#hide()
  }

  /** Puts it at a place of the list, `offset` px down. `id` undefined: who stands there is not known yet. */
  place(id: number | undefined, index: number, offset: number, current: boolean): void {
    const { element } = this
    if (index !== this.index) {
      this.index = index
      element.dataset.index = String(index)
      element.setAttribute('aria-rowindex', String(index + 1))
    }
    if (offset !== this.#offset) {
      this.#offset = offset
      element.style.top = `${offset}px`
    }
    if (current !== this.#current) {
      this.#current = current
      element.setAttribute('aria-selected', String(current))
    }
    this.id = id
    // Nobody is seen in another one's place.
    if (rowOf(id) === undefined) this.conceal()
  }

  /** More is known of its study than is written. */
  get outdated(): boolean {
    const study = rowOf(this.id)
    return study !== undefined && study !== this.#shown
  }

  /** Writes its study as it is known now. */
  write(): void {
    const study = rowOf(this.id)
    if (study === undefined) return
    const { element } = this
    if (this.#shown === undefined) {
      delete element.dataset.blank
      element.removeAttribute('aria-busy')
    }
    this.#shown = study
    if (study === null) {
      element.removeAttribute('id')
      delete element.dataset.study
      element.dataset.gone = ''
      for (const { write } of this.#cells) write(undefined)
      return
    }
    delete element.dataset.gone
    // What `aria-activedescendant` names.
    element.id = `study-${study.id}`
    element.dataset.study = study.StudyInstanceUID
    if (element.dataset.status !== study.reading.status) element.dataset.status = study.reading.status
    for (const { cell, write, title } of this.#cells) {
      write(study)
      if (cell.title !== '') cell.title = title?.(study) ?? ''
    }
  }

  /** Gives a cell the text that explains it. */
  explain(cell: HTMLElement): void {
    const study = this.#shown
    const title = this.#cells.find(one => one.cell === cell)?.title
    if (study && title) cell.title = title(study)
  }

  /**
   * Shows a place to be filled, unless its own study stands there. The cells are kept as they are, unseen (worklist.css): emptying
   * and filling them is the dearest part of a leap.
   */
  conceal(): void {
    if (this.#shown === undefined || (this.#shown !== null && this.#shown.id === this.id)) return
    this.#hide()
  }

  #hide(): void {
    this.#shown = undefined
    const { element } = this
    element.dataset.blank = ''
    element.setAttribute('aria-busy', 'true')
    element.removeAttribute('id')
    delete element.dataset.study
    delete element.dataset.gone
  }
}
