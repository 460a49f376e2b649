import { memo, useEffect, useMemo, useState } from 'react'
import { useStore } from 'zustand'
import { t, useLanguage } from '../../i18n/index.ts'
import type { Pane } from '../pane.ts'
import { useSession } from '../session.ts'
import { useSpace } from '../space.ts'
import { doseReference, listedObjects, objectsHere, useObjects } from './objectsStore.ts'
import { isodosesOn, levelsOf, type Place, partsOn, placeOf, type Shape, wordsAt } from './shapes.ts'

/** The pointer over a pane, CSS pixels from its top left; undefined while it is elsewhere. At most once a frame of the display. */
function usePointer(pane: Pane): [number, number] | undefined {
  const [at, setAt] = useState<[number, number]>()
  useEffect(() => {
    const { element } = pane
    const abort = new AbortController()
    let due: [number, number] | undefined
    let asked = 0
    const tell = (place: [number, number] | undefined) => {
      due = place
      if (asked !== 0) return
      asked = requestAnimationFrame(() => {
        asked = 0
        setAt(due)
      })
    }
    const move = (event: PointerEvent) => {
      const box = element.getBoundingClientRect()
      tell([event.clientX - box.left, event.clientY - box.top])
    }
    element.addEventListener('pointermove', move, { signal: abort.signal })
    element.addEventListener('pointerleave', () => tell(undefined), { signal: abort.signal })
    return () => {
      abort.abort()
      cancelAnimationFrame(asked)
      setAt(undefined)
    }
  }, [pane])
  return at
}

type Here = ReturnType<typeof objectsHere>

/** Segments, contours and isodoses above a pane's pixels, and what of them lies under the pointer. */
export const ObjectLayers = memo(function ObjectLayers({ pane }: { pane: Pane }) {
  useLanguage()
  const stacks = useSession(session => session.stacks)
  const readings = useObjects(state => state.readings)
  const off = useObjects(state => state.off)
  const on = useMemo(
    () =>
      objectsHere({ readings }, listedObjects({ stacks })).filter(({ listed }) => !off.has(String(listed.contentId))),
    [readings, stacks, off],
  )
  return on.length === 0 ? null : <Layers pane={pane} on={on} />
})

function Layers({ pane, on }: { pane: Pane; on: Here }) {
  const objects = useObjects()
  const plane = useSpace(space => space.planes.get(pane.id))
  const state = useStore(pane.state)
  const place = placeOf(state, plane)
  const { off, readings, isodoses } = objects
  // biome-ignore lint/correctness/useExhaustiveDependencies: a place is its key; the rest of the state draws nothing.
  const { parts, doses } = useMemo(() => {
    if (place === undefined) return { parts: [], doses: [] }
    return {
      parts: on.flatMap(one => partsOn(one, place, off)),
      doses: on.flatMap(({ listed, object }) => {
        if (object.kind !== 'dose' && object.kind !== 'map') return []
        const lines = isodosesOn({ listed, object }, place, { readings, isodoses })
        return lines.length === 0 ? [] : [{ listed, object, lines }]
      }),
    }
  }, [place?.key, on, off, readings, isodoses])
  const { transform } = state
  if (place === undefined || transform === undefined) return null
  if (objects.hidden) return <div className="objects-hidden">{t('structures hidden')}</div>
  const { a, b, c, d, e, f } = transform
  return (
    <>
      <svg className="objects" aria-hidden>
        <g transform={`matrix(${a} ${b} ${c} ${d} ${e} ${f})`}>
          {[...parts, ...doses.flatMap(({ lines }) => lines)].map((shape, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a part may have several lines on one picture; they are their places.
            <Line key={`${shape.key}#${index}`} shape={shape} filled={objects.filled} />
          ))}
        </g>
      </svg>
      {doses.map(({ listed, object }) => (
        <div className="isodoses" key={listed.contentId} data-testid="isodoses">
          <div>
            {object.kind === 'map'
              ? object.label
              : t('Dose, 100 % = {{words}}', { words: doseReference(listed, objects).words })}
          </div>
          {levelsOf(listed, object, objects).map(({ words: level, colour }) => (
            <div key={level}>
              <span style={{ color: colour }}>━</span> {level}
            </div>
          ))}
        </div>
      ))}
      <UnderPointer pane={pane} on={on} place={place} parts={parts} />
    </>
  )
}

const Line = memo(function Line({ shape, filled }: { shape: Shape; filled: boolean }) {
  const { key, name, d, colour, loops, between, dots } = shape
  return (
    <g data-object={key} data-name={name}>
      <path className="object-halo" d={d} data-dot={dots ? '' : undefined} />
      <path
        className="object-line"
        d={d}
        stroke={colour}
        fill={filled && loops.length > 0 ? colour : 'none'}
        data-dot={dots ? '' : undefined}
        data-between={between ? '' : undefined}
      />
    </g>
  )
})

function UnderPointer({ pane, on, place, parts }: { pane: Pane; on: Here; place: Place; parts: Shape[] }) {
  const objects = useObjects()
  const pointer = usePointer(pane)
  const at = pointer && pane.imagePoint(pointer)
  if (at === undefined) return null
  const words = wordsAt(at, on, place, parts, objects)
  if (words.length === 0) return null
  return (
    <div className="object-words" data-testid="under-pointer">
      {words.join(' · ')}
    </div>
  )
}
