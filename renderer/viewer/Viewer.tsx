import { TriangleAlert } from 'lucide-react'
import { useEffect, useMemo, useReducer } from 'react'
import type { StudySummary } from '../../shared/contract.ts'
import { CustodyMark } from '../central/index.ts'
import { heard, t } from '../i18n/index.ts'
import { keyWords, useKeys } from '../keys/index.ts'
import { SelfTestBanner } from '../selftest/index.ts'
import {
  announce,
  describeCompleteness,
  describeDate,
  formatDate,
  formatTime,
  IconButton,
  PersonName,
  useNotice,
} from '../ui/index.ts'
import type { Action } from './action.ts'
import { type Outside, viewerActions } from './actions.ts'
import { PriorsPanel } from './compare/PriorsPanel.tsx'
import { watchGraphics } from './graphics.ts'
import { HeaderView } from './HeaderView.tsx'
import { followHanging } from './hanging/follow.ts'
import { HangingDialogs } from './hanging/HangingDialogs.tsx'
import { HangingMark } from './hanging/HangingMark.tsx'
import { handleViewerKey } from './keys.ts'
import { MarkPanels, useMarkTools } from './marks/index.ts'
import { StructuresPanel } from './objects/index.ts'
import { PaneView } from './PaneView.tsx'
import { Popup } from './Popups.tsx'
import { onTakenAway } from './refreshStudy.ts'
import { ReportSide } from './report/index.ts'
import { SeriesStrip } from './SeriesStrip.tsx'
import { followSaving } from './saving/index.ts'
import { SegmentsPanel } from './segmenting/index.ts'
import { activePane, useSession } from './session.ts'
import { followCovered } from './volume/covered.ts'

/** On the bar, most used first, and no more than leaves the patient's name its room at 1280 pixels; the menu has everything. */
const BAR = [
  'tool-window',
  'tool-scroll',
  'tool-zoom',
  'tool-pan',
  'mark-length',
  'mark-angle',
  'mark-ellipse',
  'mark-probe',
  'mark-arrow',
  'mark-text',
  'mark-list',
  'fit',
  'rotate-right',
  'invert',
  'linked',
  'cine',
  'overlays',
  'header',
  'mpr',
  'report',
  'layout',
  'palette',
]

export interface ViewerProps extends Outside {
  visible: boolean
  /** Where the study stands in the list it was opened from (1-based), and how many studies have come since. */
  place: { position: number; total: number; arrivals: number } | undefined
  /** To what has come since. */
  onShowArrivals: () => void
  /** Another study of the patient becomes the one that is read. */
  onOpen: (study: StudySummary) => void
}

function BarButton({ action }: { action: Action }) {
  const { icon, name, keys, pressed, run } = action
  if (icon === undefined) return null
  return (
    <IconButton
      icon={icon}
      name={name}
      {...(keys[0] !== undefined && { shortcut: keyWords(keys[0]) })}
      {...(pressed !== undefined && { pressed })}
      onClick={run}
    />
  )
}

/** Amber where something is missing, a quiet word where it is proved that nothing is; what only looks complete is the usual. */
function CompletenessMark({ completeness }: { completeness: NonNullable<StudySummary['completeness']> }) {
  const { verdict, missing } = completeness
  if (verdict === 'looksComplete') return null
  return (
    <span
      className={`completeness ${verdict === 'missing' ? 'attention' : 'quiet'}`}
      title={describeCompleteness(completeness)}
    >
      {verdict === 'missing' ? (
        <>
          <TriangleAlert aria-hidden /> {t('{{missing}} missing', { missing })}
        </>
      ) : (
        t('complete')
      )}
    </span>
  )
}

/** The reading room. Kept mounted while the worklist is shown, so that Cornerstone is warm before the first open. */
export function Viewer(props: ViewerProps) {
  const { visible, place, onShowArrivals, onOpen, ...rest } = props
  const { onBack, onNext, onPrevious, onReadAndNext, onToggleRead, onEverywhere } = rest
  const session = useSession()
  const { study, layout, oneUp, graphicsLost, cardRests, header, popup, error, active } = session
  const outside = useMemo<Outside>(
    () => ({ onBack, onNext, onPrevious, onReadAndNext, onToggleRead, onEverywhere }),
    [onBack, onNext, onPrevious, onReadAndNext, onToggleRead, onEverywhere],
  )

  useEffect(followCovered, [])
  useEffect(() => {
    if (!visible) return
    const listen = (event: KeyboardEvent) => handleViewerKey(event, outside)
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [visible, outside])

  useEffect(() => {
    if (!visible) return
    return onTakenAway(text => {
      // Whoever did it here has a pill that takes it back: that one stays.
      if (!useNotice.getState().notice?.undoable) announce(text)
    })
  }, [visible])

  useEffect(watchGraphics, [])
  useEffect(followHanging, [])
  useEffect(followSaving, [])

  // What is pressed on the bar is partly the active pane's own state.
  const [, renderAgain] = useReducer((count: number) => count + 1, 0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another pane is active, or was mounted.
  useEffect(
    () =>
      activePane()?.state.subscribe((now, before) => {
        if (now.nearest !== before.nearest || now.stack !== before.stack) renderAgain()
      }),
    [active, layout, study],
  )

  useMarkTools()
  // Tooltips name the keys that hold.
  useKeys()
  const actions = viewerActions(outside)
  const button = (id: string) => {
    const action = actions.find(one => one.id === id)
    return action && <BarButton key={id} action={action} />
  }
  const readers = study?.openBy.filter(user => user !== 'local') ?? []
  return (
    <main className="viewer" data-visible={visible ? '' : undefined} inert={!visible} aria-label={t('Viewer')}>
      <header className="viewer-head">
        {button('worklist')}
        {button('study-previous')}
        {button('study-next')}
        {place !== undefined && (
          <span className="quiet place" title={t('Place in the list as it stood when the first study was opened')}>
            {place.position}/{place.total}
          </span>
        )}
        {place !== undefined && place.arrivals > 0 && (
          <button
            type="button"
            className="pill"
            title={t('Studies that came since: to the worklist')}
            onClick={onShowArrivals}
          >
            {t('{{arrivals}} new', { arrivals: place.arrivals })}
          </button>
        )}
        {study !== undefined && (
          <span className="viewer-title truncate">
            <strong>
              <PersonName value={study.PatientName} lang={study.lang} />
            </strong>{' '}
            <span className="id">{study.PatientID}</span>
            <span className="quiet" title={describeDate(study.StudyDate)}>
              {' · '}
              {[formatDate(study.StudyDate), formatTime(study.StudyTime)].filter(Boolean).join(' ')}
              {study.StudyDescription !== '' && ' · '}
              <bdi dir="auto">{study.StudyDescription}</bdi>
              {study.AccessionNumber !== '' && ` · ${study.AccessionNumber}`}
            </span>
          </span>
        )}
        {study?.completeness != null && <CompletenessMark completeness={study.completeness} />}
        {study !== undefined && <CustodyMark study={study} />}
        {study?.reading.status === 'read' && <span className="quiet">{t('read')}</span>}
        {readers.length > 0 && (
          <span className="attention">{t('open: {{readers}}', { readers: readers.join(', ') })}</span>
        )}
        <HangingMark />
        <span className="spring" />
        {BAR.map(button)}
      </header>
      <SelfTestBanner />
      <div className="viewer-body">
        <SeriesStrip onOpen={onOpen} />
        <div
          className="grid"
          data-one-up={oneUp === undefined ? undefined : ''}
          style={{
            gridTemplateColumns: `repeat(${layout.columns}, minmax(0, 1fr))`,
            gridTemplateRows: `repeat(${layout.rows}, minmax(0, 1fr))`,
          }}
        >
          {Array.from({ length: layout.rows * layout.columns }, (_, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a pane is its place; its canvas stays when the layout changes.
            <PaneView key={`${graphicsLost}-${cardRests}-${index}`} index={index} />
          ))}
          {error !== undefined && (
            <div className="pane-message" role="alert">
              <div>{t('The study could not be opened.')}</div>
              <div className="quiet selectable">{heard(error)}</div>
              <button type="button" onClick={onBack}>
                {t('Back to the worklist')}
              </button>
            </div>
          )}
        </div>
        <PriorsPanel visible={visible} />
        <MarkPanels />
        <StructuresPanel />
        <SegmentsPanel />
        <ReportSide />
      </div>
      {visible && <HangingDialogs />}
      {header !== undefined && <HeaderView {...header} />}
      {visible && popup !== undefined && <Popup popup={popup} outside={outside} />}
    </main>
  )
}
