import { useEffect } from 'react'
import { dot, type ImagePlane, type Point3, patientToImage } from '../../../shared/viewing/geometry.ts'
import { applyMatrix, type Matrix } from '../../../shared/viewing/view.ts'
import { curveThrough } from '../../../shared/viewing/volume/curve.ts'
import { t } from '../../i18n/index.ts'
import { useShownKey } from '../../keys/index.ts'
import type { Pane } from '../pane.ts'
import type { PaneState } from '../paneState.ts'
import { useSession } from '../session.ts'
import { useSpace } from '../space.ts'
import { curvedOf, useCurves } from './curved.ts'
import { curvedSourceId } from './curvedSet.ts'
import { holdVolume } from './liveVolume.ts'
import './curved.css'

/** mm between the points a curve is drawn by. */
const DRAWN_STEP = 1.5
/** A point this far from the plane (mm) is drawn as lying in it. */
const NEAR = 2

/** Over the pictures of its space: a curve that is being placed, or one whose straightened pictures hang. */
export function CurveLayer({ pane, state }: { pane: Pane; state: PaneState }) {
  const { drawing, hung } = useCurves()
  const plane = useSpace(space => space.planes.get(pane.id))
  const isHung = useSession(({ assigned, layout }) =>
    assigned.slice(0, layout.rows * layout.columns).some(one => curvedSourceId(one?.id ?? '') !== undefined),
  )
  const isActive = useSession(({ active }) => pane.id === `pane-${active}`)
  const key = useShownKey('curved') ?? t('The same action again')
  const volume = curvedOf(state.stack)?.volume ?? (isActive ? drawing?.volume : undefined)
  useEffect(() => (volume === undefined ? undefined : holdVolume(volume)), [volume])
  const { transform } = state
  const shown = drawing ?? (isHung ? hung : undefined)
  const isHere = plane !== undefined && transform !== undefined && shown?.frame === plane.FrameOfReferenceUID
  const points = drawing?.points ?? []
  const line = drawing === undefined ? hung?.curve : curveThrough(points, DRAWN_STEP)
  return (
    <>
      {isHere && (
        <svg className="space curve" aria-hidden data-testid="curve">
          {line !== undefined && (
            <CurveLine at={line.stations.map(one => one.at)} plane={plane} transform={transform} />
          )}
          {points.map((point, index) => {
            const { at, distance } = patientToImage(plane, point)
            const [x, y] = applyMatrix(transform, at)
            const near = Math.abs(distance) <= NEAR
            // biome-ignore lint/suspicious/noArrayIndexKey: points are in the order they were placed.
            return <circle key={index} cx={x} cy={y} r={3.5} className={near ? 'here' : 'elsewhere'} />
          })}
        </svg>
      )}
      {drawing !== undefined && isActive && (
        <div className="pane-note curve-hint" role="status" data-testid="curve-hint">
          {t(
            'Click along the spine or vessel ({{count}} points), on any slice. {{key}} straightens it, Esc gives up.',
            { count: points.length, key },
          )}
        </div>
      )}
    </>
  )
}

/** What of the curve lies in the plane is drawn full, what only lies before or behind it faint. */
function CurveLine({ at, plane, transform }: { at: Point3[]; plane: ImagePlane; transform: Matrix }) {
  const drawn = at.map(point => {
    const { at: foot } = patientToImage(plane, point)
    const off = dot(
      [point[0] - plane.position[0], point[1] - plane.position[1], point[2] - plane.position[2]],
      plane.normal,
    )
    return { on: applyMatrix(transform, foot), near: Math.abs(off) <= NEAR }
  })
  const path = (only: boolean) =>
    drawn
      .map(({ on: [x, y], near }, index) => {
        const goesOn = index > 0 && (!only || (near && drawn[index - 1]!.near))
        return `${goesOn ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`
      })
      .join('')
  return (
    <>
      <path d={path(false)} className="elsewhere" />
      <path d={path(true)} className="here" />
    </>
  )
}
