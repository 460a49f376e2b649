import { memo, useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { Mark } from '../../../shared/viewing/draft.ts'
import { keyImageId } from '../../../shared/viewing/draft.ts'
import type { Point, Scale } from '../../../shared/viewing/measure/scale.ts'
import { applyMatrix } from '../../../shared/viewing/view.ts'
import { inLanguage, t, useLanguage } from '../../i18n/index.ts'
import { keepViews } from './arrangement.ts'
import { draftOf } from './drafts.ts'
import { handlesOf, strokesOf } from './edit.ts'
import { scaleOfMark } from './figures.ts'
import { attachMarks, endWriting, write } from './hand.ts'
import { Magnifier } from './Magnifier.tsx'
import { type Service, useMarks } from './marksStore.ts'
import { isPicture, labelOf, type MarkedPane, type MarkLabel, marksOn, type ShownFrame } from './onPane.ts'
import { SpineBar } from './SpineBar.tsx'
import { useShownFrame } from './useShownFrame.ts'

function useSize(pane: MarkedPane): { width: number; height: number } {
  const [size, setSize] = useState({ width: pane.element.clientWidth, height: pane.element.clientHeight })
  useEffect(() => {
    const observer = new ResizeObserver(() =>
      setSize({ width: pane.element.clientWidth, height: pane.element.clientHeight }),
    )
    observer.observe(pane.element)
    return () => observer.disconnect()
  }, [pane])
  return size
}

/** The marks of what a pane shows, above its pixels, and the hand that makes them. */
export const Marks = memo(function Marks({ pane }: { pane: MarkedPane }) {
  useLanguage()
  useEffect(() => attachMarks(pane), [pane])
  useEffect(() => (isPicture(pane) ? keepViews(pane) : undefined), [pane])
  const shown = useShownFrame(pane)
  const size = useSize(pane)
  if (shown === undefined) return null
  const { selected, hovered, live, hidden, tool } = useMarks.getState()
  const writing = live?.writing && live.pane === pane.id ? live.mark : undefined
  const { draft, trouble } = draftOf(shown.StudyInstanceUID).state.getState()
  const isKey = draft.keyImages.some(one => keyImageId(one) === keyImageId(shown))
  const laidOut = marksOn(shown).map(mark => ({ mark, label: labelOf(mark, shown, size) }))
  const held = laidOut.find(({ mark }) => mark.id === writing?.id)
  return (
    <>
      <svg className="marks" width={size.width} height={size.height} aria-hidden>
        {laidOut.map(({ mark, label }) => (
          <MarkShape
            key={mark.id}
            mark={mark}
            label={mark === held?.mark ? undefined : label}
            shown={shown}
            scale={scaleOfMark(mark, shown.imageId)}
            active={mark.id === selected || mark.id === live?.mark.id}
            handles={!mark.locked && [selected, hovered, live?.mark.id].includes(mark.id)}
          />
        ))}
      </svg>
      {trouble !== undefined && (
        <div className="marks-trouble">{t('marks not kept yet · {{trouble}}', { trouble: inLanguage(trouble) })}</div>
      )}
      {hidden && draft.marks.some(mark => isOn(mark, shown)) && <div className="marks-hidden">{t('marks hidden')}</div>}
      {tool === 'vertebra' && <SpineBar shown={shown} />}
      {isPicture(pane) && <Magnifier pane={pane} />}
      {isKey && <div className="key-image">★ KEY IMAGE</div>}
      {writing !== undefined && <Words mark={writing} serves={live?.serves} at={label(held?.label, writing, shown)} />}
    </>
  )
})

function isOn({ SOPInstanceUID, frame }: Mark, shown: ShownFrame): boolean {
  return SOPInstanceUID === shown.SOPInstanceUID && frame === shown.frame
}

/** Where the words are written: where they will stand. */
function label(laidOut: MarkLabel | undefined, mark: Mark, shown: ShownFrame): Point {
  if (laidOut !== undefined) return [laidOut.box.x, laidOut.box.y]
  return applyMatrix(shown.transform, mark.points.at(-1) ?? [0, 0])
}

function path(line: Point[]): string {
  return line.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(2)} ${y.toFixed(2)}`).join('')
}

const HANDLE = 5
/** Of a line's height: where its letters stand. */
const BASELINE = 11 / 14

function MarkShape(props: {
  mark: Mark
  label: MarkLabel | undefined
  shown: ShownFrame
  scale: Scale
  active: boolean
  handles: boolean
}) {
  const { mark, label: words, shown, scale, active, handles } = props
  const d = strokesOf(mark, shown.transform, scale).map(path).join('')
  return (
    <g data-mark={mark.id} data-kind={mark.kind} data-active={active ? '' : undefined}>
      <path className="mark-halo" d={d} />
      <path className="mark-line" d={d} />
      {handles &&
        handlesOf(mark).map((handle, index) => {
          const [x, y] = applyMatrix(shown.transform, handle)
          return (
            <rect
              // biome-ignore lint/suspicious/noArrayIndexKey: a handle is its place in the mark.
              key={index}
              className="mark-handle"
              x={x - HANDLE / 2}
              y={y - HANDLE / 2}
              width={HANDLE}
              height={HANDLE}
            />
          )
        })}
      {words?.lines.map((line, index) => (
        <text
          // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place in the label.
          key={index}
          className="mark-label"
          x={words.box.x}
          y={words.box.y + (index + BASELINE) * words.line}
        >
          {line}
        </text>
      ))}
    </g>
  )
}

/**
 * The words of a text, an arrow or a vertebra while they are written, or how long a line of calibration is: Enter keeps them, Esc
 * leaves them as they were.
 */
function Words({ mark, serves, at: [x, y] }: { mark: Mark; serves: Service | undefined; at: Point }) {
  const field = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => field.current?.focus(), [])
  return (
    <input
      ref={field}
      className="mark-words"
      style={{ left: x, top: y }}
      aria-label={serves === 'calibrate' ? t('Length of the line in millimetres') : t('Text of the mark')}
      placeholder={serves === 'calibrate' ? t('length in mm') : ''}
      inputMode={serves === 'calibrate' ? 'decimal' : 'text'}
      maxLength={500}
      value={mark.text}
      onChange={event => write(event.target.value)}
      onBlur={() => endWriting(true)}
      onKeyDown={event => {
        event.stopPropagation()
        if (event.key === 'Enter') endWriting(true)
        if (event.key === 'Escape') endWriting(false)
      }}
    />
  )
}
