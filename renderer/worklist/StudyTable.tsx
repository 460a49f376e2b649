// biome-ignore-all lint/a11y/useSemanticElements: rows of a virtual list cannot be those of a <table>; the roles say what they are.
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid is the one tab stop and names the cursor row.
import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown, ArrowUp, TriangleAlert } from 'lucide-react'
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef } from 'react'
import type { StudySummary } from '../../shared/contract.ts'
import { describeDate, describeFlag, formatDate, formatMoment, formatTime, PersonName } from '../ui/index.ts'
import { loadMore, reload, type Sort, setHold, setSort, useWorklist } from './worklistStore.ts'

const ROW = 28

const COLUMNS: Array<{ name: string; sort?: Sort }> = [
  { name: 'Name', sort: 'PatientName' },
  { name: 'ID', sort: 'PatientID' },
  { name: 'Birth date' },
  { name: 'Sex' },
  { name: 'Study date', sort: 'StudyDate' },
  { name: 'Time' },
  { name: 'Modality' },
  { name: 'Description' },
  { name: 'Accession' },
  { name: 'Images' },
  { name: 'Arrived', sort: 'lastReceived' },
  { name: 'From' },
  { name: '' },
]

export function StudyTable({ onOpen }: { onOpen: (study: StudySummary, startTime: number) => void }) {
  const { studies, cursor, pending, sort, descending, state, search, total } = useWorklist()
  const table = useRef<HTMLDivElement>(null)
  const scroller = useRef<HTMLDivElement>(null)
  const pointerInside = useRef(false)
  const chosen = useRef(false)
  const rows = useVirtualizer({
    count: studies.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
    // The head stands in the scroller, so that its columns and the rows' have the same width whatever the scrollbar's.
    scrollMargin: ROW,
    scrollPaddingStart: ROW,
    getItemKey: index => studies[index]?.StudyInstanceUID ?? index,
  })
  const visible = rows.getVirtualItems()
  const last = visible.at(-1)?.index ?? 0
  const at = studies.findIndex(study => study.StudyInstanceUID === cursor)

  useEffect(() => {
    setHold(() => pointerInside.current || chosen.current || (scroller.current?.scrollTop ?? 0) > 0)
    return () => setHold(() => false)
  }, [])
  useEffect(() => {
    if (studies.length > 0 && last > studies.length - 50) void loadMore()
  }, [last, studies.length])
  useEffect(() => {
    table.current?.focus({ preventScroll: true })
  }, [])
  // A new search or order is a new list: it begins at its top, and nothing in it was chosen yet.
  // biome-ignore lint/correctness/useExhaustiveDependencies: these are what makes it a new list.
  useLayoutEffect(() => {
    chosen.current = false
    scroller.current?.scrollTo({ top: 0 })
  }, [search, sort, descending])

  const moveTo = (index: number) => {
    const study = studies[Math.max(0, Math.min(studies.length - 1, index))]
    if (study === undefined) return
    chosen.current = true
    useWorklist.setState({ cursor: study.StudyInstanceUID })
    rows.scrollToIndex(studies.indexOf(study), { align: 'auto' })
  }
  const showNew = () => {
    chosen.current = false
    scroller.current?.scrollTo({ top: 0 })
    void reload()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? ROW) / ROW) - 1)
    // The head's buttons have an Enter of their own.
    if (event.ctrlKey || event.altKey || event.metaKey || event.target instanceof HTMLButtonElement) return
    const target = targetRow(event.key, at, page, studies.length)
    const study = studies[at]
    if (target !== undefined) moveTo(target)
    else if (event.key === 'Enter' && study !== undefined) onOpen(study, event.timeStamp)
    else return
    event.preventDefault()
  }

  return (
    <div
      className="study-table"
      ref={table}
      role="grid"
      aria-label="Studies"
      aria-rowcount={total}
      tabIndex={0}
      aria-activedescendant={at === -1 ? undefined : `study-${cursor}`}
      onKeyDown={onKeyDown}
    >
      {pending > 0 && (
        <button type="button" className="pill" onClick={showNew} title="Show what has arrived">
          {pending} new ↑
        </button>
      )}
      <div
        className="study-rows"
        ref={scroller}
        role="rowgroup"
        onPointerMove={event => {
          pointerInside.current = (event.target as HTMLElement).closest('[data-study]') !== null
        }}
        onPointerLeave={() => {
          pointerInside.current = false
        }}
      >
        <div className="study-row study-head" role="row">
          {COLUMNS.map(({ name, sort: by }) => (
            <div
              role="columnheader"
              key={name}
              aria-sort={by === sort ? (descending ? 'descending' : 'ascending') : undefined}
            >
              {by === undefined ? (
                name
              ) : (
                <button
                  type="button"
                  className="bare"
                  title={`Sort by ${name.toLowerCase()}`}
                  onClick={() => setSort(by)}
                >
                  {name}
                  {by === sort && (descending ? <ArrowDown aria-hidden /> : <ArrowUp aria-hidden />)}
                </button>
              )}
            </div>
          ))}
        </div>
        {state === 'loading' &&
          Array.from({ length: 12 }, (_, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: placeholders are all the same.
            <div className="skeleton skeleton-row" key={index} />
          ))}
        {state !== 'loading' && studies.length === 0 && search !== '' && (
          <div className="message nothing-found">
            <div>No study matches “{search}”.</div>
            <div className="quiet">Parts of the name in any order, or the beginning of an ID or accession number.</div>
          </div>
        )}
        <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {visible.map(item => {
            const study = studies[item.index]
            if (study === undefined) return null
            return (
              <StudyRow
                key={item.key}
                study={study}
                start={item.start - ROW}
                index={item.index}
                current={study.StudyInstanceUID === cursor}
                onChoose={() => moveTo(item.index)}
                onOpen={startTime => onOpen(study, startTime)}
              />
            )
          })}
        </div>
      </div>
    </div>
  )
}

function targetRow(key: string, at: number, page: number, count: number): number | undefined {
  switch (key) {
    case 'ArrowDown':
      return at + 1
    case 'ArrowUp':
      return at - 1
    case 'PageDown':
      return at + page
    case 'PageUp':
      return at - page
    case 'Home':
      return 0
    case 'End':
      return count - 1
  }
  return undefined
}

function StudyRow(props: {
  study: StudySummary
  start: number
  index: number
  current: boolean
  onChoose: () => void
  onOpen: (startTime: number) => void
}) {
  const { study, start, index, current, onChoose, onOpen } = props
  const lang = study.lang || undefined
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid has the keys.
    <div
      className="study-row"
      role="row"
      id={`study-${study.StudyInstanceUID}`}
      aria-rowindex={index + 1}
      aria-selected={current}
      data-study={study.StudyInstanceUID}
      style={{ transform: `translateY(${start}px)` }}
      onClick={onChoose}
      onDoubleClick={event => onOpen(event.timeStamp)}
    >
      <div role="gridcell" className="truncate strong">
        <PersonName value={study.PatientName} lang={study.lang} />
      </div>
      <div role="gridcell" className="truncate id" title={study.IssuerOfPatientID}>
        {study.PatientID}
      </div>
      <div role="gridcell">{formatDate(study.PatientBirthDate)}</div>
      <div role="gridcell">{study.PatientSex}</div>
      <div role="gridcell" title={describeDate(study.StudyDate)}>
        {formatDate(study.StudyDate)}
      </div>
      <div role="gridcell">{formatTime(study.StudyTime)}</div>
      <div role="gridcell" className="truncate">
        {study.ModalitiesInStudy.join(' ')}
      </div>
      <div role="gridcell" className="truncate">
        <bdi dir="auto" lang={lang}>
          {study.StudyDescription}
        </bdi>
        {study.synthetic && <span className="synthetic-mark">SYNTHETIC</span>}
      </div>
      <div role="gridcell" className="truncate id">
        {study.AccessionNumber}
      </div>
      <div role="gridcell" className="number" title={`${study.NumberOfStudyRelatedSeries} series`}>
        {study.NumberOfStudyRelatedInstances}
      </div>
      <div role="gridcell">{formatMoment(study.lastReceived)}</div>
      <div role="gridcell" className="truncate id">
        {study.sendingAET}
      </div>
      <div role="gridcell">
        {study.flags.length > 0 && (
          <span
            className="attention flag"
            role="img"
            title={study.flags.map(describeFlag).join('\n')}
            aria-label={study.flags.map(describeFlag).join('; ')}
          >
            <TriangleAlert aria-hidden />
          </span>
        )}
      </div>
    </div>
  )
}
