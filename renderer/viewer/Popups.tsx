import { useEffect, useMemo, useRef, useState } from 'react'
import { t, whyOf } from '../i18n/index.ts'
import { Dialog, Menu } from '../ui/index.ts'
import { type Outside, viewerActions } from './actions.ts'
import { menuEntries } from './menuEntries.ts'
import { PicturesDialog, PrintDialog } from './outgoing/index.ts'
import { activePane, chooseLayout, LARGEST_LAYOUT, type Session, useSession } from './session.ts'
import { keepDisplaySize, showTrueSize } from './trueSize.ts'

const close = () => useSession.setState({ popup: undefined })

function ContextMenu({ at, outside }: { at: { x: number; y: number }; outside: Outside }) {
  const entries = useMemo(() => menuEntries(viewerActions(outside)), [outside])
  return <Menu at={at} label="Viewer" className="viewer-menu" entries={entries} onClose={close} />
}

const CELLS = Array.from({ length: LARGEST_LAYOUT * LARGEST_LAYOUT }, (_, index) => ({
  row: Math.floor(index / LARGEST_LAYOUT) + 1,
  column: (index % LARGEST_LAYOUT) + 1,
}))
const STEPS: Record<string, [number, number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
}

/** The grid to hang in, by its lower right cell. */
function LayoutPicker() {
  const [{ rows, columns }, setWanted] = useState(useSession.getState().layout)
  const grid = useRef<HTMLDivElement>(null)
  useEffect(() => grid.current?.focus(), [])
  const bound = (value: number) => Math.max(1, Math.min(LARGEST_LAYOUT, value))
  return (
    <Dialog title="Layout" onClose={close}>
      {/* biome-ignore lint/a11y/useSemanticElements: a grid of choices is no table. */}
      <div
        className="layout-picker"
        ref={grid}
        role="grid"
        aria-label={t('Layout {{rows}}×{{columns}}', { rows, columns })}
        tabIndex={0}
        onKeyDown={event => {
          const step = STEPS[event.key]
          if (step !== undefined) setWanted({ rows: bound(rows + step[0]), columns: bound(columns + step[1]) })
          if (event.key === 'Enter') chooseLayout({ rows, columns })
        }}
      >
        {CELLS.map(({ row, column }) => (
          <button
            type="button"
            className="bare"
            tabIndex={-1}
            key={`${row}×${column}`}
            title={t('Layout {{row}}×{{column}}', { row, column })}
            aria-label={t('Layout {{row}}×{{column}}', { row, column })}
            data-in={row <= rows && column <= columns ? '' : undefined}
            onPointerEnter={() => setWanted({ rows: row, columns: column })}
            onClick={() => chooseLayout({ rows: row, columns: column })}
          />
        ))}
      </div>
      <div className="quiet">
        {rows}×{columns}
      </div>
    </Dialog>
  )
}

/** ISO/IEC 7810 ID-1: the width of every bank card, mm. */
const CARD_MM = 85.6

/** What one millimetre is on this display; a browser cannot know. */
function Ruler() {
  const [width, setWidth] = useState(324)
  const [problem, setProblem] = useState('')
  const keep = async () => {
    const pane = activePane()
    try {
      await keepDisplaySize(CARD_MM / (width * devicePixelRatio))
      close()
      if (pane !== undefined) await showTrueSize(pane)
    } catch (thrown) {
      setProblem(whyOf(thrown))
    }
  }
  return (
    <Dialog
      title="How large is this display?"
      onClose={close}
      foot={
        <button type="button" onClick={() => void keep()}>
          {t('Keep')}
        </button>
      }
    >
      <div>{t('Hold a bank card against the screen and make the bar as long as the card (85.6 mm).')}</div>
      <div className="ruler-bar" style={{ width }} />
      <input
        type="range"
        min={150}
        max={900}
        step={0.5}
        value={width}
        aria-label={t('Length of the bar')}
        onChange={event => setWidth(Number(event.target.value))}
      />
      {problem !== '' && <div className="failure">{problem}</div>}
    </Dialog>
  )
}

/** What lies over the reading room: menu, layout picker, ruler, pictures, print. */
export function Popup({ popup, outside }: { popup: NonNullable<Session['popup']>; outside: Outside }) {
  switch (popup.kind) {
    case 'menu':
      return <ContextMenu at={popup} outside={outside} />
    case 'layout':
      return <LayoutPicker />
    case 'ruler':
      return <Ruler />
    case 'pictures':
      return <PicturesDialog onClose={close} />
    case 'print':
      return <PrintDialog onClose={close} />
  }
}
