import { memo, useEffect, useMemo, useState } from 'react'
import { useStore } from 'zustand'
import { applyMatrix, invertMatrix } from '../../../shared/viewing/view.ts'
import type { Pane } from '../pane.ts'
import { useSession } from '../session.ts'
import { useSpace } from '../space.ts'
import { doseReference, listedObjects, objectsHere, useObjects } from './objectsStore.ts'
import { isodosesOn, levelsOf, partsOn, placeOf, wordsAt } from './shapes.ts'

/** The pointer over a pane, CSS pixels from its top left; undefined while it is elsewhere. At most once a frame of the display. */
function usePointer(pane: Pane, wanted: boolean): [number, number] | undefined {
  const [at, setAt] = useState<[number, number]>()
  useEffect(() => {
    if (!wanted) return
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
  }, [pane, wanted])
  return at
}

/** Segments, contours and isodoses above a pane's pixels, and what of them lies under the pointer. */
export const ObjectLayers = memo(function ObjectLayers({ pane }: { pane: Pane }) {
  const stacks = useSession(session => session.stacks)
  const objects = useObjects()
  const here = useMemo(() => objectsHere(objects, listedObjects({ stacks })), [objects, stacks])
  const on = here.filter(({ listed }) => !objects.off.has(String(listed.contentId)))
  if (on.length === 0) return null
  return <Layers pane={pane} on={on} />
})

function Layers({ pane, on }: { pane: Pane; on: ReturnType<typeof objectsHere> }) {
  const objects = useObjects()
  const plane = useSpace(space => space.planes.get(pane.id))
  const state = useStore(pane.state)
  const pointer = usePointer(pane, !objects.hidden)
  const place = placeOf(state, plane)
  const { transform } = state
  if (place === undefined || transform === undefined) return null
  if (objects.hidden) return <div className="objects-hidden">structures hidden</div>
  const parts = on.flatMap(one => partsOn(one, place, objects.off))
  const doses = on.flatMap(({ listed, object }) => {
    if (object.kind !== 'dose' && object.kind !== 'map') return []
    const lines = isodosesOn({ listed, object }, place, objects)
    return lines.length === 0 ? [] : [{ listed, object, lines }]
  })
  const { a, b, c, d, e, f } = transform
  const words =
    pointer === undefined ? [] : wordsAt(applyMatrix(invertMatrix(transform), pointer), on, place, parts, objects)
  return (
    <>
      <svg className="objects" aria-hidden>
        <g transform={`matrix(${a} ${b} ${c} ${d} ${e} ${f})`}>
          {[...parts, ...doses.flatMap(({ lines }) => lines)].map((shape, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a part may have several lines on one picture; they are their places.
            <g key={`${shape.key}#${index}`} data-object={shape.key} data-name={shape.name}>
              <path className="object-halo" d={shape.d} data-dot={shape.dots ? '' : undefined} />
              <path
                className="object-line"
                d={shape.d}
                stroke={shape.colour}
                fill={objects.filled && shape.loops.length > 0 ? shape.colour : 'none'}
                data-dot={shape.dots ? '' : undefined}
                data-between={shape.between ? '' : undefined}
              />
            </g>
          ))}
        </g>
      </svg>
      {doses.map(({ listed, object }) => (
        <div className="isodoses" key={listed.contentId} data-testid="isodoses">
          <div>{object.kind === 'map' ? object.label : `Dose, 100 % = ${doseReference(listed, objects).words}`}</div>
          {levelsOf(listed, object, objects).map(({ words: level, colour }) => (
            <div key={level}>
              <span style={{ color: colour }}>━</span> {level}
            </div>
          ))}
        </div>
      ))}
      {words.length > 0 && (
        <div className="object-words" data-testid="under-pointer">
          {words.join(' · ')}
        </div>
      )}
    </>
  )
}
