import { BookOpen, ChevronDown, ChevronRight } from 'lucide-react'
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react'
import type { StudySummary } from '../../shared/contract.ts'
import { askDelete, askMove } from '../bin/index.ts'
import { t } from '../i18n/index.ts'
import { useShownKey } from '../keys/index.ts'
import { describeSeries, SeriesThumbnail } from '../series/index.ts'
import { describeDate, formatDate, IconButton, Menu } from '../ui/index.ts'
import { countLoaded, onFrames } from './frameLoader.ts'
import { openSeries } from './objects/index.ts'
import { timeApart } from './otherStudies.ts'
import { ownItems, putBeside, useSession } from './session.ts'
import { assignmentOf, type StripItem, setMarks, stripItems } from './strip.ts'

export const SERIES_MIME = 'application/x-isocenter-series'

/** A count that changes faster is not read, and drawing all panes' words anew at each frame of the display held up what was counted. */
const COUNT_MS = 100

/** Told when frames came or went: at most ten times a second. Returns what ends it. */
function onFramesSometimes(tell: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let last = 0
  const tick = () => {
    timer = undefined
    last = performance.now()
    tell()
  }
  const soon = () => {
    timer ??= setTimeout(tick, Math.max(0, last + COUNT_MS - performance.now()))
  }
  const unsubscribe = onFrames(soon)
  // Frames that came between the drawing and now told nobody.
  soon()
  return () => {
    unsubscribe()
    clearTimeout(timer)
  }
}

/** Renders again when frames came or went: at most ten times a second. */
function useLoadedFrames(): void {
  const [, setTick] = useState(0)
  useEffect(() => onFramesSometimes(() => setTick(value => value + 1)), [])
}

/** What `say` says of frames; as they come and go it is drawn again only where it says something else. */
export function useSaidOfFrames(say: () => string): string {
  return useSyncExternalStore(onFramesSometimes, say)
}

function Card({ item, thumbnails }: { item: StripItem; thumbnails: Map<string, string> }) {
  const shown = useSession(({ assigned, layout }) =>
    assigned.slice(0, layout.rows * layout.columns).some(one => one?.id === item.id),
  )
  const current = useSession(({ assigned, active }) => assigned[active]?.id === item.id)
  const all = item.stack?.imageIds.length ?? item.images
  const loaded = item.stack === undefined ? 0 : countLoaded(item.stack.imageIds)
  const marks = item.stack === undefined ? [] : setMarks(item.stack.set)
  const hang = () => openSeries(assignmentOf(item))
  const [menu, setMenu] = useState<{ x: number; y: number }>()
  const closeMenu = useCallback(() => setMenu(undefined), [])
  const { SeriesInstanceUID, Modality, NumberOfSeriesRelatedInstances: images } = item.series
  const { StudyInstanceUID } = assignmentOf(item)
  const subject = { StudyInstanceUID, SeriesInstanceUID, title: `${Modality} ${describeSeries(item.series)}`, images }
  const steps = [useShownKey('series-previous'), useShownKey('series-next')].filter(Boolean).join('/')
  return (
    <>
      <button
        type="button"
        className="series-card"
        data-set={item.id}
        data-shown={shown ? '' : undefined}
        aria-current={current}
        title={`${item.title}${marks.length > 0 ? ` (${marks.join(', ')})` : ''}: ${t('double click or Enter shows it in the active pane')}${steps === '' ? '' : ` (${steps})`}`}
        draggable
        onDragStart={event => {
          event.dataTransfer.setData(SERIES_MIME, JSON.stringify(assignmentOf(item)))
          event.dataTransfer.effectAllowed = 'copy'
        }}
        onDoubleClick={hang}
        onKeyDown={event => {
          if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) hang()
        }}
        onContextMenu={event => {
          event.preventDefault()
          const { left, bottom } = event.currentTarget.getBoundingClientRect()
          setMenu(event.clientX === 0 ? { x: left, y: bottom } : { x: event.clientX, y: event.clientY })
        }}
      >
        <SeriesThumbnail series={item.series} thumbnails={thumbnails} />
        <span className="series-words">
          <span className="truncate">
            <bdi dir="auto">{item.title}</bdi>
          </span>
          <span className="quiet truncate">
            {item.series.Modality} · {item.images}
          </span>
          {marks.length > 0 && <span className="attention truncate">⚠ {marks.join(', ')}</span>}
        </span>
        <progress
          max={Math.max(1, all)}
          value={loaded}
          aria-label={t('{{loaded}} of {{all}} images loaded', { loaded, all })}
        />
      </button>
      {menu !== undefined && (
        <Menu
          at={menu}
          label="Series"
          entries={[
            { name: 'Show in the active pane', shortcut: 'Enter', run: hang },
            // No key of their own here: Del is a mark's.
            { name: 'Move series to another patient…', separated: true, run: () => askMove(subject) },
            { name: 'Delete series…', run: () => askDelete(subject) },
          ]}
          onClose={closeMenu}
        />
      )}
    </>
  )
}

/** Another study of the patient: a line that unfolds into its series. */
function OtherStudy(props: { study: StudySummary; from: string; onOpen: (study: StudySummary) => void }) {
  const { study, from, onOpen } = props
  const [open, setOpen] = useState(false)
  const beside = useSession(session => session.beside.get(study.StudyInstanceUID))
  const stacks = useSession(session => session.stacks)
  const apart = timeApart(study.StudyDate, from)
  const words = [study.ModalitiesInStudy.join(' '), study.StudyDescription].filter(Boolean).join(' ')
  const toggle = () => {
    if (!open) putBeside(study.StudyInstanceUID)
    setOpen(!open)
  }
  return (
    <>
      <div className="other-head">
        <button
          type="button"
          className="bare other-study"
          data-other-study={study.StudyInstanceUID}
          aria-expanded={open}
          title={t('{{words}}, {{apart}} ({{describeDate}}): shows its series', {
            words,
            apart,
            describeDate: describeDate(study.StudyDate),
          })}
          onClick={toggle}
        >
          {open ? <ChevronDown aria-hidden /> : <ChevronRight aria-hidden />}
          <span className="series-words">
            <span className="truncate">
              <bdi dir="auto">{words || t('Study')}</bdi>
            </span>
            <span className="quiet truncate">{apart}</span>
            <span className="quiet truncate">{formatDate(study.StudyDate)}</span>
          </span>
        </button>
        <IconButton
          icon={BookOpen}
          name={t('Read this study: {{words}}, {{apart}}', { words, apart })}
          onClick={() => onOpen(study)}
        />
      </div>
      {open &&
        beside !== undefined &&
        stripItems(study.StudyInstanceUID, beside.series, stacks).map(item => (
          <Card key={item.id} item={item} thumbnails={beside.thumbnails} />
        ))}
    </>
  )
}

/**
 * The study's display sets: what each is, how much of it is here, what its positions lack; below, the patient's other studies.
 * Drag, double click or Enter hangs a set in a pane.
 */
export function SeriesStrip({ onOpen }: { onOpen: (study: StudySummary) => void }) {
  const session = useSession()
  useLoadedFrames()
  return (
    <nav className="strip" aria-label={t('Series')}>
      {ownItems(session).map(item => (
        <Card key={item.id} item={item} thumbnails={session.thumbnails} />
      ))}
      {session.others.length > 0 && (
        <>
          <h2 className="strip-title quiet">{t('Other studies')}</h2>
          {session.others.map(study => (
            <OtherStudy
              key={study.StudyInstanceUID}
              study={study}
              from={session.study?.StudyDate ?? ''}
              onOpen={onOpen}
            />
          ))}
        </>
      )}
    </nav>
  )
}
