import { Spline } from 'lucide-react'
import type { Slab } from '../../../shared/viewing/volume/sample.ts'
import { heard } from '../../i18n/index.ts'
import { announce } from '../../ui/index.ts'
import { type Action, act } from '../action.ts'
import type { Pane } from '../pane.ts'
import { activePane, assignSeries, livePanes, setLayout, useSession } from '../session.ts'
import { useSpace } from '../space.ts'
import { assignmentOf } from '../strip.ts'
import { addCurvePoint, cancelCurve, curvedOf, forgetCurves, makeCurved, recut, useCurves } from './curved.ts'
import { curvedSourceId } from './curvedSet.ts'
import { openVolume } from './liveVolume.ts'
import { reformatOf } from './reformats.ts'

/** Begins to place points; the second time straightens along them; on a straightened picture, back to what it is of. */
function toggleCurve(refuse: (pane: Pane, words: string) => void): void {
  const pane = activePane()
  const { drawing } = useCurves.getState()
  if (drawing !== undefined) {
    finish()
    return
  }
  if (pane?.stack === undefined) return
  const curved = curvedOf(pane.stack)
  if (curved !== undefined) {
    const { manifest, set } = curved.source
    assignSeries(assignmentOf({ ...manifest, id: set.id }))
    return
  }
  const source = reformatOf(pane.stack)?.source ?? pane.stack
  const volume = openVolume(source)
  const plane = useSpace.getState().planes.get(pane.id)
  if ('refusal' in volume) refuse(pane, heard(volume.refusal))
  else if (plane !== undefined) {
    useCurves.setState({ drawing: { source, volume, frame: plane.FrameOfReferenceUID, points: [] } })
  }
}

/** Beside the picture the points were placed on; without another pane, in a new one. */
function finish(): void {
  const { drawing } = useCurves.getState()
  if (drawing === undefined) return
  cancelCurve()
  const stack = makeCurved(drawing, undefined)
  if (stack === undefined) {
    if (drawing.points.length > 0) announce('A curve takes at least two points that are apart')
    return
  }
  const { layout, oneUp } = useSession.getState()
  if (oneUp !== undefined) useSession.setState({ oneUp: undefined })
  if (layout.rows * layout.columns === 1) setLayout({ rows: 1, columns: 2 })
  const { layout: now, assigned, active } = useSession.getState()
  const count = now.rows * now.columns
  const again = assigned.slice(0, count).findIndex(one => curvedSourceId(one?.id ?? '') !== undefined)
  const last = active === count - 1 ? count - 2 : count - 1
  assignSeries(assignmentOf({ ...stack.manifest, id: stack.set.id }), again === -1 ? last : again)
}

/** The left button is pressed in a pane; true = for the next point of the curve. */
export function pressCurve(event: PointerEvent, pane: Pane): boolean {
  if (useCurves.getState().drawing === undefined) return false
  const box = pane.element.getBoundingClientRect()
  const at = pane.imagePoint([event.clientX - box.left, event.clientY - box.top])
  const plane = useSpace.getState().planes.get(pane.id)
  if (at === undefined || !addCurvePoint(plane, at)) return false
  event.preventDefault()
  return true
}

/** The straightened pictures of the active pane, as thick as said. False: it shows none. */
export function changeCurvedSlab(change: (slab: Slab | undefined) => Slab | undefined): boolean {
  const pane = activePane()
  const curved = curvedOf(pane?.stack)
  if (pane === undefined || curved === undefined) return false
  const stack = recut(curved, change(curved.slab))
  for (const one of livePanes()) {
    if (curvedOf(one.stack)?.curve === curved.curve) void one.replace(stack, one.state.getState().index)
  }
  return true
}

export function curvedActions(refuse: (pane: Pane, words: string) => void): Action[] {
  const pressed = useCurves.getState().drawing !== undefined || curvedOf(activePane()?.stack) !== undefined
  return [act('curved', { icon: Spline, run: () => toggleCurve(refuse), pressed })]
}

// Another study: its curves are of another patient.
useSession.subscribe((now, before) => {
  if (now.study?.StudyInstanceUID !== before.study?.StudyInstanceUID) forgetCurves()
})
