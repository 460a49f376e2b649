import { useEffect } from 'react'
import { t } from '../../i18n/index.ts'
import type { Pane } from '../pane.ts'
import type { PaneState } from '../paneState.ts'
import { useSession } from '../session.ts'
import { useSpace } from '../space.ts'
import { CurveLayer } from './CurveLayer.tsx'
import { holdVolume } from './liveVolume.ts'
import { useMpr } from './mpr.ts'
import { attachMpr, handlesOf, linesIn } from './mprPointer.ts'
import { reformatOf } from './reformats.ts'

/** The meeting point is left free to look at. */
const GAP_PX = 12
const FAR_PX = 10_000

/** Over a reformat: where the volume's other planes cut it, each in its colour, with the handles that turn them; over any pane: why it has none. */
export function MprLayer({ pane, state }: { pane: Pane; state: PaneState }) {
  const volume = reformatOf(state.stack)?.volume
  const shows = useSession(session => session.referenceLines)
  const refused = useMpr(mpr =>
    mpr.refused?.pane === pane.id && mpr.refused.stack === state.stack ? mpr.refused : undefined,
  )
  // The lines are of the planes on the screens.
  useSpace(space => (volume === undefined ? undefined : space.planes))
  useEffect(() => (volume === undefined ? undefined : holdVolume(volume)), [volume])
  useEffect(() => (volume === undefined ? undefined : attachMpr(pane)), [volume, pane])
  const lines = shows && volume !== undefined ? linesIn(pane) : undefined
  return (
    <>
      {lines !== undefined && (
        <svg
          className="space mpr"
          aria-hidden
          data-testid="mpr-lines"
          data-x={lines.centre[0]}
          data-y={lines.centre[1]}
        >
          {lines.directions.map((direction, index) => (
            <Line key={lines.names[index]} centre={lines.centre} direction={direction} name={lines.names[index]!} />
          ))}
          {handlesOf(lines).map(([x, y], index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a handle is its place.
            <circle key={index} cx={x} cy={y} r={3.5} className={`handle ${lines.names[index >> 1]}`} />
          ))}
        </svg>
      )}
      <CurveLayer pane={pane} state={state} />
      {refused !== undefined && (
        <div className="pane-note" role="status" data-testid="mpr-refused">
          {t('No MPR of this series: {{why}}', { why: refused.text })}
        </div>
      )}
    </>
  )
}

function Line(props: { centre: readonly [number, number]; direction: readonly [number, number]; name: string }) {
  const { centre, direction, name } = props
  const at = (distance: number) => [centre[0] + direction[0] * distance, centre[1] + direction[1] * distance] as const
  return (
    <g data-plane={name} data-direction={direction.join()}>
      {[GAP_PX, -GAP_PX].map(gap => {
        const [[x1, y1], [x2, y2]] = [at(gap), at(Math.sign(gap) * FAR_PX)]
        return (
          <g key={gap}>
            <line x1={x1} y1={y1} x2={x2} y2={y2} className="outline" />
            <line x1={x1} y1={y1} x2={x2} y2={y2} className={name} />
          </g>
        )
      })}
    </g>
  )
}
