import type { PatientFacts } from '../../../shared/viewing/hanging/facts.ts'
import type { Seen } from '../../../shared/viewing/hanging/save.ts'
import { describeFrame } from '../catalog.ts'
import { fusionOf } from '../fusion/fusionStore.ts'
import { renderingOf } from '../rendering/rendering.ts'
import { paneAt, useSession } from '../session.ts'
import { uptakeUnit } from '../uptake.ts'
import { reformatOf, sourceSetId } from '../volume/reformats.ts'
import { rangeToWindow } from '../windows.ts'
import { useHanging } from './hangingState.ts'

/** What hangs in each pane of the layout, and what of its look a rule can say. */
export function seenNow(patient: PatientFacts): Seen[] {
  const { layout, assigned } = useSession.getState()
  const sets = [patient.current, ...(patient.priors ?? [])].flatMap(study => study.sets ?? [])
  const { hung } = useHanging.getState()
  return Array.from({ length: layout.rows * layout.columns }, (_, at): Seen => {
    const one = assigned[at]
    const pane = paneAt(at)
    const set = sets.find(({ id }) => id === sourceSetId(one?.id ?? ''))
    if (set === undefined) return undefined
    const { range, inverted } = pane?.view() ?? {}
    const described = describeFrame(pane?.entry?.imageId ?? '')
    const mpr = reformatOf(pane?.stack)?.name
    // Of an uptake the stored values depend on what was injected: the next patient's are others.
    const isOfOthers = described !== undefined && uptakeUnit(described) === undefined
    const window = range && isOfOthers && rangeToWindow(range, described.attributes.VOILUTFunction)
    const fuse = fusionOf(pane)?.second.manifest.Modality
    const isHung = hung !== undefined && hung.layout === layout
    const wall = isHung ? hung.verdict.protocol.stages[hung.stage]?.panes[at]?.look?.wall : undefined
    const look = {
      ...(window && window.width > 0 && { window }),
      ...(inverted && { invert: true }),
      ...(mpr && { mpr }),
      ...(fuse && { fuse }),
      ...(wall && { wall }),
      ...(renderingOf(pane) && { volume: true }),
    }
    return { set, look }
  })
}
