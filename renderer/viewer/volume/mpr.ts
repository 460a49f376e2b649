import { Axis3d, Layers2, Minus, Plus } from 'lucide-react'
import { create } from 'zustand'
import type { Mark } from '../../../shared/viewing/draft.ts'
import { imagePlane, type Point3, planeCentre } from '../../../shared/viewing/geometry.ts'
import { voxelToPatient } from '../../../shared/viewing/volume/grid.ts'
import { PATIENT_AXES, planesThrough, REFORMATS, type ReformatName } from '../../../shared/viewing/volume/reformat.ts'
import { planesKey, readReformatUid } from '../../../shared/viewing/volume/reformatUid.ts'
import type { SlabMode } from '../../../shared/viewing/volume/sample.ts'
import { heard } from '../../i18n/index.ts'
import { type Action, act } from '../action.ts'
import { describeFrame, type SeriesStack, type StackEntry } from '../catalog.ts'
import type { Pane } from '../pane.ts'
import { activePane, assignSeries, leaveSetAt, livePanes, type Session, useSession } from '../session.ts'
import { assignmentOf } from '../strip.ts'
import { storedWindows } from '../windows.ts'
import { cancelCurve } from './curved.ts'
import { changeCurvedSlab, curvedActions } from './curvedActions.ts'
import { type LiveVolume, openVolume, planOf } from './liveVolume.ts'
import {
  arrange,
  arrangementOf,
  forgetArrangement,
  isPlanesSet,
  makeReformat,
  reformatOf,
  reformatSetId,
  sourceSetId,
} from './reformats.ts'

/** Why there is no MPR of what a pane shows. */
interface Refused {
  pane: string
  stack: SeriesStack
  text: string
}

export const useMpr = create<{ refused: Refused | undefined }>(() => ({ refused: undefined }))

/** What hung before the three planes, and comes back after them. */
let before: (Pick<Session, 'layout' | 'assigned' | 'active' | 'oneUp'> & { study: string }) | undefined

/** mm. */
const THICKNESSES = [1, 2, 3, 5, 8, 10, 15, 20, 30, 40, 60, 80, 100]
/** mm; of straightened pictures, when they are made thick. */
const CURVED_THICKNESS = 5
const MODES: ReadonlyArray<SlabMode | undefined> = [undefined, 'MIP', 'MinIP', 'average']

function hungReformats({ layout, assigned }: Session): string[] {
  const visible = assigned.slice(0, layout.rows * layout.columns)
  return visible.flatMap(one => (one !== undefined && isPlanesSet(one.id) ? [one.id] : []))
}

function isMprOn(session: Session): boolean {
  return hungReformats(session).length > 0
}

/** Esc: points of a curve go, else the words of a refusal. */
export function hideRefusal(): boolean {
  if (cancelCurve()) return true
  if (useMpr.getState().refused === undefined) return false
  useMpr.setState({ refused: undefined })
  return true
}

/** Three planes of the active pane's series beside it; the second time, what hung before. */
function toggleMpr(): void {
  const session = useSession.getState()
  if (isMprOn(session)) {
    closeMpr(session)
    return
  }
  const pane = activePane()
  const shown = pane?.stack
  if (pane === undefined || shown === undefined) return
  if (hideRefusal()) return
  // Of a pane that shows only its key images, the planes are of all of them.
  const whole = session.stacks.get(shown.manifest.SeriesInstanceUID) ?? []
  const { imageId } = pane.entry ?? {}
  const stack = whole.find(({ entries }) => entries.some(entry => entry.imageId === imageId)) ?? shown
  const volume = openVolume(stack)
  if ('refusal' in volume) {
    useMpr.setState({ refused: { pane: pane.id, stack: shown, text: heard(volume.refusal) } })
    return
  }
  const { layout, assigned, active, oneUp } = session
  before = { layout, assigned, active, oneUp, study: session.study?.StudyInstanceUID ?? '' }
  for (const name of REFORMATS) leaveAtPlace(pane, stack, volume, name)
  hang(stack)
}

function hang({ manifest, set }: Pick<SeriesStack, 'manifest' | 'set'>): void {
  const { StudyInstanceUID, SeriesInstanceUID } = manifest
  const ids = [...REFORMATS.map(name => reformatSetId(set.id, name)), set.id]
  useSession.setState({ layout: { rows: 2, columns: 2 }, oneUp: undefined, popup: undefined })
  for (const [index, id] of ids.entries()) assignSeries({ StudyInstanceUID, SeriesInstanceUID, id }, index)
  useSession.setState({ active: 0 })
}

/** The middle of what the reader looks at; at an end of the stack, where the other planes have nothing beside it, of the volume. */
function placeOf(pane: Pane, stack: SeriesStack, { grid }: LiveVolume): Point3 {
  const { index } = pane.state.getState()
  const plane = imagePlane(describeFrame(pane.entry?.imageId ?? '')?.attributes ?? {})
  if (plane !== undefined && index > 0 && index < stack.imageIds.length - 1) return planeCentre(plane)
  const [x, y, z] = grid.size
  return voxelToPatient(grid, [(x - 1) / 2, (y - 1) / 2, (z - 1) / 2])
}

/** A plane opens where the reader is, in the window the reader looks through. */
function leaveAtPlace(pane: Pane, stack: SeriesStack, volume: LiveVolume, name: ReformatName): void {
  const { range: shownRange } = pane.state.getState()
  const { range, inverted } = pane.view()
  const attributes = describeFrame(pane.entry?.imageId ?? '')?.attributes ?? {}
  const reformat = reformatOf(makeReformat(stack, volume, name))
  if (reformat === undefined) return
  leaveSetAt(reformatSetId(stack.set.id, name), {
    index: reformat.planes.page(placeOf(pane, stack, volume)),
    // Without a stored window each picture would find its own, and the planes differ in brightness.
    view: { range: range ?? (storedWindows(attributes).length > 0 ? undefined : shownRange), inverted, ...UNTURNED },
  })
}

const UNTURNED = { quarterTurns: 0, mirrored: false } as const

function closeMpr(session: Session): void {
  const source = session.assigned.find(one => one !== undefined && isPlanesSet(one.id))
  if (source === undefined) return
  forgetArrangement(sourceSetId(source.id))
  const study = session.study?.StudyInstanceUID
  const single = [{ ...assignmentOf(source), id: sourceSetId(source.id) }]
  // Of a study that was opened with the three planes, nothing hung before.
  const last =
    before?.study === study && before !== undefined
      ? before
      : { layout: { rows: 1, columns: 1 }, assigned: single, active: 0, oneUp: undefined }
  before = undefined
  useSession.setState({ layout: last.layout, oneUp: last.oneUp })
  const count = last.layout.rows * last.layout.columns
  for (const [index, one] of last.assigned.slice(0, count).entries()) if (one !== undefined) assignSeries(one, index)
  useSession.setState(({ assigned }) => ({
    assigned: [...assigned.slice(0, count), ...last.assigned.slice(count)],
    active: last.active,
  }))
}

/** What the planes of a stack's volume would be named by; '' where it makes none. */
function keyOf(stack: SeriesStack, name: ReformatName): string {
  const plan = planOf(stack)
  return 'refusal' in plan ? '' : planesKey(stack.set.id, planesThrough(plan.grid, PATIENT_AXES[name]).plane(0))
}

/** Brings the plane a mark lies on to the screen, in its three planes; false when the mark is on an image. */
export function hangReformat(
  StudyInstanceUID: string,
  mark: Pick<Mark, 'SeriesInstanceUID' | 'SOPInstanceUID'>,
): boolean {
  const found = readReformatUid(mark.SOPInstanceUID)
  const stack = useSession
    .getState()
    .stacks.get(mark.SeriesInstanceUID)
    ?.find(one => found?.isOf(keyOf(one, found.name)))
  if (found === undefined || stack === undefined || stack.manifest.StudyInstanceUID !== StudyInstanceUID) return false
  const volume = openVolume(stack)
  if ('refusal' in volume) return false
  const session = useSession.getState()
  const { layout, assigned, active, oneUp } = session
  forgetArrangement(stack.set.id)
  if (!isMprOn(session)) before = { layout, assigned, active, oneUp, study: session.study?.StudyInstanceUID ?? '' }
  const { entries } = makeReformat(stack, volume, found.name)
  const off = ({ position = 0 }: StackEntry) => Math.abs(position - found.mm)
  const index = entries.reduce((best, entry, at) => (off(entry) < off(entries[best]!) ? at : best), 0)
  leaveSetAt(reformatSetId(stack.set.id, found.name), {
    index,
    view: { inverted: false, ...UNTURNED },
  })
  hang(stack)
  useSession.setState({ active: REFORMATS.indexOf(found.name) })
  return true
}

// ── slabs ──

/** All planes of the active pane's volume, as thick and made as said. */
function changeSlab(change: (mode: SlabMode | undefined, thickness: number) => [SlabMode | undefined, number]): void {
  const isCurved = changeCurvedSlab(slab => {
    const [mode, thickness] = change(slab?.mode, slab?.thickness ?? CURVED_THICKNESS)
    return mode && { mode, thickness }
  })
  const reformat = reformatOf(activePane()?.stack)
  if (isCurved || reformat === undefined) return
  const { mode, thickness } = arrangementOf(reformat.source.set.id)
  const [nextMode, nextThickness] = change(mode, thickness)
  if (nextMode === mode && nextThickness === thickness) return
  arrange(reformat.source.set.id, { mode: nextMode, thickness: nextThickness })
  for (const pane of livePanes()) {
    const own = reformatOf(pane.stack)
    if (own?.volume !== reformat.volume) continue
    void pane.replace(makeReformat(own.source, own.volume, own.name), pane.state.getState().index)
  }
}

function thinner(): void {
  changeSlab((mode, thickness) => {
    const at = THICKNESSES.findLastIndex(one => one < thickness)
    // Thinner than the thinnest is no slab.
    return mode === undefined || at === -1 ? [undefined, thickness] : [mode, THICKNESSES[at]!]
  })
}

function thicker(): void {
  changeSlab((mode, thickness) =>
    mode === undefined ? ['MIP', thickness] : [mode, THICKNESSES.find(one => one > thickness) ?? thickness],
  )
}

function nextMode(): void {
  changeSlab((mode, thickness) => [MODES[(MODES.indexOf(mode) + 1) % MODES.length], thickness])
}

export function slabActions(): Action[] {
  return [
    act('slab-thinner', { icon: Minus, run: thinner }),
    act('slab-thicker', { icon: Plus, run: thicker }),
    act('slab-mode', { icon: Layers2, run: nextMode }),
  ]
}

export function mprActions(): Action[] {
  const refuse = (pane: Pane, text: string) => {
    if (pane.stack !== undefined) useMpr.setState({ refused: { pane: pane.id, stack: pane.stack, text } })
  }
  return [
    act('mpr', { icon: Axis3d, run: toggleMpr, pressed: isMprOn(useSession.getState()) }),
    ...curvedActions(refuse),
  ]
}
