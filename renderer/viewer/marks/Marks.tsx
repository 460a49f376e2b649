import { memo, useEffect, useLayoutEffect, useReducer, useRef, useState } from 'react'
import type { Mark } from '../../../shared/viewing/draft.ts'
import { keyImageId } from '../../../shared/viewing/draft.ts'
import type { Point } from '../../../shared/viewing/measure/scale.ts'
import { applyMatrix } from '../../../shared/viewing/view.ts'
import type { Pane } from '../pane.ts'
import { useUptake } from '../uptake.ts'
import { keepViews } from './arrangement.ts'
import { draftOf } from './drafts.ts'
import { handlesOf, strokesOf } from './edit.ts'
import { attachMarks, endWriting, write } from './hand.ts'
import { useMarks } from './marksStore.ts'
import { LABEL_LINE, labelOf, type MarkLabel, marksOn, type ShownFrame, shownFrame } from './onPane.ts'

/** Draws anew when the pane's picture, the marks in hand, or the study's draft change. */
function useShownFrame(pane: Pane): ShownFrame | undefined {
  const [, redraw] = useReducer((count: number) => count + 1, 0)
  useEffect(() => {
    let unsubscribe = () => {}
    let study: string | undefined
    const followDraft = () => {
      const shown = shownFrame(pane)
      if (shown?.StudyInstanceUID === study) return
      unsubscribe()
      study = shown?.StudyInstanceUID
      unsubscribe = study === undefined ? () => {} : draftOf(study).state.subscribe(redraw)
    }
    followDraft()
    const stops = [
      pane.state.subscribe((now, before) => {
        if (now.shown === before.shown && now.transform === before.transform && now.stack === before.stack) return
        followDraft()
        redraw()
      }),
      useMarks.subscribe(redraw),
      useUptake.subscribe(redraw),
    ]
    return () => {
      unsubscribe()
      for (const stop of stops) stop()
    }
  }, [pane])
  return shownFrame(pane)
}

function useSize(pane: Pane): { width: number; height: number } {
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
export const Marks = memo(function Marks({ pane }: { pane: Pane }) {
  useEffect(() => attachMarks(pane), [pane])
  useEffect(() => keepViews(pane), [pane])
  const shown = useShownFrame(pane)
  const size = useSize(pane)
  if (shown === undefined) return null
  const { selected, hovered, live } = useMarks.getState()
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
            active={mark.id === selected || mark.id === live?.mark.id}
            handles={mark.id === selected || mark.id === hovered || mark.id === live?.mark.id}
          />
        ))}
      </svg>
      {trouble !== undefined && <div className="marks-trouble">marks not kept yet · {trouble}</div>}
      {isKey && <div className="key-image">★ KEY IMAGE</div>}
      {writing !== undefined && <Words mark={writing} at={label(held?.label, writing, shown)} />}
    </>
  )
})

/** Where the words are written: where they will stand. */
function label(laidOut: MarkLabel | undefined, mark: Mark, shown: ShownFrame): Point {
  if (laidOut !== undefined) return [laidOut.box.x, laidOut.box.y]
  return applyMatrix(shown.transform, mark.points.at(-1) ?? [0, 0])
}

function path(line: Point[]): string {
  return line.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(2)} ${y.toFixed(2)}`).join('')
}

const HANDLE = 5

function MarkShape(props: {
  mark: Mark
  label: MarkLabel | undefined
  shown: ShownFrame
  active: boolean
  handles: boolean
}) {
  const { mark, label: words, shown, active, handles } = props
  const d = strokesOf(mark, shown.transform).map(path).join('')
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
          y={words.box.y + index * LABEL_LINE + 11}
        >
          {line}
        </text>
      ))}
    </g>
  )
}

/** The words of a text or an arrow while they are written: Enter keeps them, Esc leaves them as they were. */
function Words({ mark, at: [x, y] }: { mark: Mark; at: Point }) {
  const field = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => field.current?.focus(), [])
  return (
    <input
      ref={field}
      className="mark-words"
      style={{ left: x, top: y }}
      aria-label="Text of the mark"
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
