import { alikeGrids } from '../../../shared/viewing/volume/grid.ts'
import { activePane, assignSeries, leaveSetAt, paneAt, stepSeries, useSession } from '../session.ts'
import { assignmentOf } from '../strip.ts'
import { planOf } from './liveVolume.ts'
import { arrange, arrangementOf, forgetArrangement, reformatOf, reformatSetId } from './reformats.ts'

/**
 * The same planes of the next phase of a series (another display set of it, on the same voxels), in all panes that show this one;
 * false where the active pane shows no plane of a volume, or there is no such phase.
 */
function stepPhase(delta: number): boolean {
  const reformat = reformatOf(activePane()?.stack)
  if (reformat === undefined) return false
  const { source, volume } = reformat
  const { stacks, active, assigned } = useSession.getState()
  const phases = stacks.get(source.manifest.SeriesInstanceUID) ?? []
  const at = phases.findIndex(({ set }) => set.id === source.set.id)
  const next = at === -1 ? undefined : phases[at + delta]
  const plan = next && planOf(next)
  if (next === undefined || plan === undefined || 'refusal' in plan || !alikeGrids(plan.grid, volume.grid)) return false
  arrange(next.set.id, arrangementOf(source.set.id))
  for (const index of assigned.keys()) {
    const pane = paneAt(index)
    const own = reformatOf(pane?.stack)
    if (pane === undefined || (own?.source ?? pane.stack) !== source) continue
    const id = own === undefined ? next.set.id : reformatSetId(next.set.id, own.name)
    leaveSetAt(id, { index: pane.state.getState().index, view: pane.view() })
    assignSeries(assignmentOf({ ...next.manifest, id }), index)
  }
  forgetArrangement(source.set.id)
  useSession.setState({ active })
  return true
}

/** ←/→: the next phase of the planes that hang, else the next display set in the active pane. */
export function stepSet(delta: number): void {
  if (!stepPhase(delta)) stepSeries(delta)
}
