import { useShallow } from 'zustand/react/shallow'
import {
  type ImagePlane,
  patientToImage,
  planeName,
  referenceLine,
  roundLength,
} from '../../shared/viewing/geometry.ts'
import { scaleOf } from '../../shared/viewing/measure/scale.ts'
import { applyMatrix, invertMatrix, type Matrix } from '../../shared/viewing/view.ts'
import { heard } from '../i18n/index.ts'
import { approximatedPoint, useLinks } from './compare/links.ts'
import { measuredFrame, useCalibrations } from './marks/index.ts'
import type { Pane } from './pane.ts'
import type { PaneState } from './paneState.ts'
import { useSession } from './session.ts'
import { useSpace } from './space.ts'
import { linesIn } from './volume/mprPointer.ts'

/** A scale bar takes at most so many CSS pixels, and no more than this part of a small pane. */
const BAR_PX = 160
const BAR_PART = 0.2
/** The crosshair leaves its point free to look at. */
const GAP_PX = 12

const NO_PLANES: ReadonlyMap<string, ImagePlane> = new Map()

interface Line {
  from: readonly [number, number]
  to: readonly [number, number]
}

function Stroke({ line: { from, to }, className }: { line: Line; className: string }) {
  const ends = { x1: from[0], y1: from[1], x2: to[0], y2: to[1] }
  return (
    <>
      <line {...ends} className="outline" />
      <line {...ends} className={className} />
    </>
  )
}

/** Dashed where only the link says what is the same place. */
function Crosshair({ id, plane, transform }: { id: string; plane: ImagePlane; transform: Matrix }) {
  const crosshair = useSpace(space => space.crosshair)
  useLinks(links => links.anchors)
  const linked = useSession(session => session.linked)
  const here = crosshair?.FrameOfReferenceUID === plane.FrameOfReferenceUID
  const point = here ? crosshair.point : linked ? approximatedPoint(id, plane) : undefined
  if (point === undefined) return null
  const { at } = patientToImage(plane, point)
  const [x, y] = applyMatrix(transform, at)
  const colour = planeName(plane.normal)
  const far = 10_000
  const arms: Line[] = [
    { from: [x - far, y], to: [x - GAP_PX, y] },
    { from: [x + GAP_PX, y], to: [x + far, y] },
    { from: [x, y - far], to: [x, y - GAP_PX] },
    { from: [x, y + GAP_PX], to: [x, y + far] },
  ]
  return (
    <g data-testid="crosshair" data-x={x} data-y={y} data-plane={colour} data-approximated={here ? undefined : ''}>
      {arms.map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the four arms are their places.
        <Stroke key={index} line={line} className={`crosshair ${colour}${here ? '' : ' approximated'}`} />
      ))}
    </g>
  )
}

/** A bar as long as its words say; none where the image says nothing of millimetres. */
function ScaleBar({ state, transform, paneWidth }: { state: PaneState; transform: Matrix; paneWidth: number }) {
  useCalibrations(state.stack?.manifest.StudyInstanceUID)
  const frame = measuredFrame(state.stack?.entries[state.shown ?? -1]?.imageId ?? '')
  if (frame === undefined) return null
  const scale = scaleOf(frame, [])
  if (scale.unit !== 'mm') return null
  const { a, b } = invertMatrix(transform)
  const mmPerCssPixel = Math.hypot(a * scale.x, b * scale.y)
  const length = roundLength(Math.min(BAR_PX, paneWidth * BAR_PART) * mmPerCssPixel)
  if (!Number.isFinite(length)) return null
  const width = length / mmPerCssPixel
  const words = length >= 10 ? `${length / 10} cm` : `${Number(length.toPrecision(1))} mm`
  return (
    <div className="scale-bar" data-testid="scale-bar" data-mm={length} style={{ width }}>
      <span>
        {words}
        {scale.note !== '' && ` ${heard(scale.note)}`}
      </span>
    </div>
  )
}

/** What of the patient's space lies over a picture: the other panes' planes, the crosshair, the scale. */
export function SpaceLayer({ pane, state }: { pane: Pane; state: PaneState }) {
  const { id } = pane
  const active = useSession(session => `pane-${session.active}`)
  const shows = useSession(session => session.referenceLines)
  const overlays = useSession(session => session.overlays)
  const crosshair = useSpace(space => space.crosshair)
  const { transform } = state
  const plane = useSpace(space => space.planes.get(id))
  // A reformat has lines of its own (volume/MprLayer.tsx); the crosshair says the same, and more.
  const hasLines =
    shows &&
    plane !== undefined &&
    state.stack?.sourceIds === undefined &&
    crosshair?.FrameOfReferenceUID !== plane.FrameOfReferenceUID
  // Everywhere the active pane's; in the active pane, all the others'. A plane that draws no line here draws nothing anew here.
  const others = useSpace(
    useShallow(space =>
      hasLines
        ? new Map([...space.planes].filter(([other]) => other !== id && (id === active || other === active)))
        : NO_PLANES,
    ),
  )
  if (transform === undefined) return null
  const lines =
    plane === undefined
      ? []
      : [...others].flatMap(([other, its]) => {
          const line = referenceLine(plane, its)
          return line === undefined
            ? []
            : [{ other, from: applyMatrix(transform, line[0]), to: applyMatrix(transform, line[1]) }]
        })
  return (
    <>
      <svg className="space" aria-hidden>
        {lines.map(line => (
          <g key={line.other} data-reference={line.other} data-ends={[...line.from, ...line.to].join()}>
            <Stroke line={line} className="reference" />
          </g>
        ))}
        {plane !== undefined && !(shows && linesIn(pane)) && <Crosshair id={id} plane={plane} transform={transform} />}
      </svg>
      {overlays && <ScaleBar state={state} transform={transform} paneWidth={pane.element.clientWidth} />}
    </>
  )
}
