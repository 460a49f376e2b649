// biome-ignore-all lint/a11y/useSemanticElements: rows of a virtual list cannot be those of a <table>; the roles say what they are.
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid is the one tab stop and names the cursor row.
import { memo } from 'react'
import { CELLS } from './cells.tsx'
import type { ColumnChoice } from './columns.ts'
import { useRow } from './studyRows.ts'

/** One row of the list, drawn again only when its own study changes. The table has its clicks and keys. */
export const StudyRow = memo(function StudyRow(props: {
  /** undefined: its place is known, who stands there not yet. */
  id: number | undefined
  index: number
  /** px from the top of the rows. */
  top: number
  current: boolean
  columns: ColumnChoice[]
}) {
  const { id, index, top, current, columns } = props
  const study = useRow(id)
  // The cells stay when the row's study is not here yet: making them anew would cost more than filling them.
  return (
    <div
      className="study-row"
      role="row"
      id={study ? `study-${id}` : undefined}
      aria-rowindex={index + 1}
      aria-selected={current}
      aria-busy={study === undefined}
      data-index={index}
      data-blank={study === undefined ? '' : undefined}
      data-study={study?.StudyInstanceUID}
      data-status={study?.reading.status}
      style={{ top }}
    >
      {columns.map(({ key, hidden }) => {
        const cell = hidden ? undefined : CELLS[key]
        if (cell === undefined) return null
        return (
          <div
            role="gridcell"
            key={key}
            data-column={key}
            className={cell.className}
            title={study ? cell.title?.(study) : undefined}
          >
            {study
              ? cell.show(study)
              : study === null && key === 'name' && <span className="quiet">no longer here</span>}
          </div>
        )
      })}
    </div>
  )
})
