import { useEffect } from 'react'
import { useStore } from 'zustand'
import {
  circlePoints,
  ellipsePoints,
  pairs,
  polylinePath,
  smoothPath,
} from '../../../shared/viewing/documents/curves.ts'
import type {
  FramePresentation,
  Graphic,
  GraphicText,
  GraphicUnits,
  PresentationState,
} from '../../../shared/viewing/documents/presentationState.ts'
import type { ImageAttributes } from '../../../shared/viewing/image.ts'
import { applyMatrix, type Matrix } from '../../../shared/viewing/view.ts'
import { t } from '../../i18n/index.ts'
import { formatDate, formatTime, PersonName } from '../../ui/index.ts'
import { describeFrame } from '../catalog.ts'
import type { Pane } from '../pane.ts'
import { ShutterCanvas } from '../ShutterCanvas.tsx'
import {
  applyPresentation,
  areaBox,
  lacking,
  presentedFrame,
  presentedIn,
  toggleGraphicsOnly,
  usePresented,
} from './presentations.ts'
import { useRegion } from './references.ts'

type Point = [number, number]
/** From a graphic's own units to CSS pixels. */
type Place = (units: GraphicUnits, point: Point) => Point

/** What documents draw over a picture: the presentation state a reader asked for, and the region of a report. */
export function DocumentLayer({ pane }: { pane: Pane }) {
  const state = useStore(pane.state)
  usePresented(({ panes }) => panes[pane.id])
  const region = useRegion(({ shown }) => shown)
  const { stack, shown, transform } = state
  const presented = presentedIn(pane)
  const entry = stack?.entries[shown ?? -1]
  const imageId = entry?.imageId
  // biome-ignore lint/correctness/useExhaustiveDependencies: another image, another state, a series that was hung again (then the picture lies anew): it is looked at again.
  useEffect(() => void applyPresentation(pane), [pane, presented, imageId, transform])
  if (entry === undefined || transform === undefined) return null
  const frame = presented && presentedFrame(pane)
  const attributes = describeFrame(entry.imageId)?.attributes ?? {}
  const drawn = region !== undefined && region.SOPInstanceUID === entry.instance.SOPInstanceUID
  const onFrame = drawn && (region.frames.length === 0 || region.frames.includes(entry.frame))
  return (
    <>
      {frame !== undefined && presented !== undefined && (
        <>
          {!presented.graphicsOnly && (
            <ShutterCanvas shutter={presented.state.shutter} attributes={attributes} transform={transform} />
          )}
          <Graphics frame={frame} attributes={attributes} transform={transform} />
        </>
      )}
      {onFrame && (
        <svg className="region" aria-hidden data-region={region.region.kind}>
          <Shape
            kind={region.region.kind === 'MULTIPOINT' ? 'POINT' : region.region.kind}
            points={pairs(region.region.points)}
            place={point => applyMatrix(transform, point)}
          />
        </svg>
      )}
      {presented !== undefined && (
        <Badge
          state={presented.state}
          graphicsOnly={presented.graphicsOnly}
          here={frame !== undefined}
          without={frame === undefined ? [] : lacking(presented.state, frame, attributes)}
          onGraphicsOnly={() => toggleGraphicsOnly(pane)}
        />
      )}
    </>
  )
}

/** Whose view this is, and when it was made: never unsaid while it is applied. */
function Badge(props: {
  state: PresentationState
  graphicsOnly: boolean
  here: boolean
  /** What of it this image cannot be shown with. */
  without: string[]
  onGraphicsOnly: () => void
}) {
  const { state, graphicsOnly, here, without, onGraphicsOnly } = props
  const { label, description, creator, date, time } = state
  const unapplied = [...state.unapplied, ...without]
  return (
    <div className="presentation-badge" role="status">
      <span>
        {t('Presentation')} <bdi dir="auto">{description || label || t('state')}</bdi>
        {creator !== '' && (
          <>
            {t(' by ')}
            <PersonName value={creator} lang="" />
          </>
        )}
        {date !== '' && ` · ${formatDate(date)} ${formatTime(time)}`}
        {!here && t(' · not of this image')}
        {unapplied.length > 0 && t(' · without {{what}}', { what: unapplied.join(', ') })}
      </span>
      <button type="button" aria-pressed={graphicsOnly} onClick={onGraphicsOnly}>
        {graphicsOnly ? t('All of it') : t('Graphics only')}
      </button>
    </div>
  )
}

/** Every figure in CSS pixels: strokes keep their width whatever the zoom. */
function Shape(props: {
  kind: Graphic['kind']
  points: Point[]
  place: (point: Point) => Point
  filled?: boolean
  colour?: string | undefined
}) {
  const { kind, points, place, filled, colour } = props
  const outline = kind === 'CIRCLE' ? circlePoints(points) : kind === 'ELLIPSE' ? ellipsePoints(points) : points
  const placed = outline.map(place)
  const d =
    kind === 'POINT'
      ? placed.map(([x, y]) => `M${x - 6} ${y}H${x + 6}M${x} ${y - 6}V${y + 6}`).join('')
      : kind === 'INTERPOLATED'
        ? smoothPath(placed)
        : polylinePath(placed)
  const style = colour === undefined ? undefined : ({ '--presented': colour } as React.CSSProperties)
  return (
    <g style={style}>
      <path className="halo" d={d} />
      <path className={filled ? 'filled' : undefined} d={d} />
    </g>
  )
}

function Graphics(props: { frame: FramePresentation; attributes: ImageAttributes; transform: Matrix }) {
  const { frame, attributes, transform } = props
  const box = areaBox(frame, attributes, transform)
  const place: Place = (units, [x, y]) =>
    units === 'DISPLAY' ? [box.x + x * box.width, box.y + y * box.height] : applyMatrix(transform, [x, y])
  return (
    <svg className="presentation" role="img" aria-label={t('Presentation state')}>
      {frame.annotations.map(({ layer, colour, graphics, texts }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an annotation is its place in the state.
        <g key={index} data-layer={layer}>
          {graphics.map(({ kind, units, points, filled }, at) => (
            <Shape
              // biome-ignore lint/suspicious/noArrayIndexKey: a figure is its place.
              key={at}
              kind={kind}
              points={pairs(points)}
              place={point => place(units, point)}
              filled={filled}
              colour={colour}
            />
          ))}
          {texts.map((text, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a text is its place.
            <Words key={at} text={text} place={place} colour={colour} />
          ))}
        </g>
      ))}
    </svg>
  )
}

const LINE = 15
/** The mean width of a letter, near enough for where a line ends. */
const LETTER = 6.5

function nearestOf([x, y]: Point, left: number, top: number, width: number, height: number): Point {
  return [Math.max(left, Math.min(left + width, x)), Math.max(top, Math.min(top + height, y))]
}

function Words({ text, place, colour }: { text: GraphicText; place: Place; colour: string | undefined }) {
  const { box, anchor } = text
  const lines = text.text.split(/\r\n|\r|\n/)
  const [a, b] = box ? [place(box.units, box.from), place(box.units, box.to)] : [undefined, undefined]
  const at = anchor && place(anchor.units, anchor.at)
  const left = a && b ? Math.min(a[0], b[0]) : (at?.[0] ?? 0) + 6
  const right = a && b ? Math.max(a[0], b[0]) : left
  const top = a && b ? Math.min(a[1], b[1]) : (at?.[1] ?? 0) - LINE / 2
  const align = box?.align ?? 'LEFT'
  const x = { LEFT: left, RIGHT: right, CENTER: (left + right) / 2 }[align]
  const textAnchor = ({ LEFT: 'start', RIGHT: 'end', CENTER: 'middle' } as const)[align]
  const style = colour === undefined ? undefined : ({ '--presented': colour } as React.CSSProperties)
  // The line begins at the side of the text that is nearest to what it points at.
  const wide = Math.max(...lines.map(line => line.length)) * LETTER
  const start = { LEFT: left, RIGHT: right - wide, CENTER: x - wide / 2 }[align]
  const nearest = at && nearestOf(at, start, top, wide, lines.length * LINE)
  return (
    <g style={style}>
      {anchor?.visible && at && nearest && <path d={polylinePath([nearest, at])} />}
      {lines.map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place.
        <text key={index} x={x} y={top + 12 + index * LINE} textAnchor={textAnchor}>
          {line}
        </text>
      ))}
    </g>
  )
}
