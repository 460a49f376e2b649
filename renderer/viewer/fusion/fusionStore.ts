import { create } from 'zustand'
import { type FusionCandidate, fusionCandidates, fusionRefusal } from '../../../shared/viewing/fused.ts'
import { frameAttributes } from '../../../shared/viewing/image.ts'
import { nextPalette, type PaletteName } from '../../../shared/viewing/palettes.ts'
import { whyOf } from '../../i18n/index.ts'
import { announceFailure } from '../../ui/index.ts'
import { describeFrame, type SeriesStack } from '../catalog.ts'
import type { Pane } from '../pane.ts'
import { livePanes, useSession } from '../session.ts'
import { spaceOf } from '../space.ts'
import { uptakePresets } from '../uptake.ts'
import { liesIn, sourceSetId } from '../volume/reformats.ts'
import { initialRange, storedWindows, type VoiRange } from '../windows.ts'
import { Resampled } from './resampled.ts'
import { wholeVolume } from './wholeVolume.ts'

/** What lies over the picture of a pane, for as long as `base` hangs in it. */
export interface Fusion {
  base: SeriesStack
  second: SeriesStack
  palette: PaletteName
  /** 0 to 1. */
  opacity: number
  /** Modality values of the second series. */
  range: VoiRange
  resampled: Resampled | undefined
  /** Frames of the second series that are here, while it is loaded. */
  loaded: number
  trouble: string | undefined
}

export const useFusion = create<{ byPane: ReadonlyMap<string, Fusion> }>(() => ({ byPane: new Map() }))

/** What lies over the pane's picture now. */
export function fusionOf(pane: Pane | undefined): Fusion | undefined {
  const fusion = useFusion.getState().byPane.get(pane?.id ?? '')
  return fusion !== undefined && liesOver(fusion, pane?.stack) ? fusion : undefined
}

/** A volume's own slices and the planes through it are one thing to lie over. */
export function liesOver({ base }: Fusion, stack: SeriesStack | undefined): boolean {
  return stack !== undefined && liesIn(stack.set.id, base.set.id)
}

function keep(id: string, fusion: Fusion | undefined): void {
  const byPane = new Map(useFusion.getState().byPane)
  if (fusion === undefined) byPane.delete(id)
  else byPane.set(id, fusion)
  useFusion.setState({ byPane })
}

function change(pane: Pane, change: Partial<Fusion>): void {
  const fusion = fusionOf(pane)
  if (fusion !== undefined) keep(pane.id, { ...fusion, ...change })
}

type Candidate = FusionCandidate & { stack: SeriesStack }

function candidate(stack: SeriesStack): Candidate {
  const { manifest, set, entries } = stack
  const [first] = entries
  const { CorrectedImage = [] } = first === undefined ? {} : frameAttributes(manifest, first.instance, first.frame)
  const { Modality, StudyInstanceUID, SeriesNumber } = manifest
  const frames = set.frames.length
  return {
    id: sourceSetId(set.id),
    Modality,
    StudyInstanceUID,
    SeriesNumber,
    frames,
    CorrectedImage,
    space: spaceOf(stack),
    stack,
  }
}

function others(): Candidate[] {
  return [...useSession.getState().stacks.values()].flat().flatMap(stack => {
    return stack.set.kind === 'stack' && stack.imageIds.length > 1 ? [candidate(stack)] : []
  })
}

/** What may be laid over the pane's picture, best first. */
export function fusible(pane: Pane): SeriesStack[] {
  return pane.stack === undefined ? [] : fusionCandidates(candidate(pane.stack), others()).map(({ stack }) => stack)
}

/** On with what fits best, or off. Says in words why it cannot be. */
export function toggleFusion(pane: Pane): void {
  if (pane.stack === undefined) return
  if (fusionOf(pane) !== undefined) {
    endFusion(pane)
    return
  }
  const [second] = fusible(pane)
  if (second === undefined) announceFailure('No fusion.', fusionRefusal(candidate(pane.stack), others()))
  else void fuse(pane, second)
}

/** Nothing lies over the pane's picture any more. */
export function endFusion(pane: Pane): void {
  const fusion = useFusion.getState().byPane.get(pane.id)
  keep(pane.id, undefined)
  if (fusion !== undefined) letGo(fusion.second)
}

/** The volumes in use, by display set; panes share them. */
const volumes = new Map<string, { resampled: Promise<Resampled>; abort: AbortController }>()

function letGo({ set }: SeriesStack): void {
  if ([...useFusion.getState().byPane.values()].some(({ second }) => second.set.id === set.id)) return
  const held = volumes.get(set.id)
  volumes.delete(set.id)
  held?.abort.abort()
  void held?.resampled.then(
    resampled => resampled.dispose(),
    () => {},
  )
}

/** Until the values are here. */
const UNKNOWN = { min: 0, max: 0 }

/** As the second series is windowed where it hangs by itself, else as uptakes are, else as its images say; undefined where they do not. */
function rangeOf(stack: SeriesStack): VoiRange | undefined {
  const hung = livePanes()
    .find(pane => pane.stack?.set.id === stack.set.id)
    ?.state.getState().range
  if (hung !== undefined) return hung
  const frame = describeFrame(stack.imageIds[0] ?? '')
  const uptake = frame && uptakePresets(frame)?.[1]?.range
  if (uptake !== undefined || frame === undefined || storedWindows(frame.attributes).length === 0) return uptake
  return initialRange(frame.attributes, UNKNOWN)
}

const FUNCTIONAL = new Set(['PT', 'NM'])

/** Lays `second` over what hangs in the pane. */
export async function fuse(pane: Pane, second: SeriesStack): Promise<void> {
  const base = pane.stack
  if (base === undefined) return
  endFusion(pane)
  const range = rangeOf(second)
  const started: Fusion = {
    base,
    second,
    palette: FUNCTIONAL.has(second.manifest.Modality) ? 'hot-iron' : 'grey',
    opacity: 0.6,
    range: range ?? initialRange({}, UNKNOWN),
    resampled: undefined,
    loaded: 0,
    trouble: undefined,
  }
  keep(pane.id, started)
  const still = () => fusionOf(pane)?.second === second
  let held = volumes.get(second.set.id)
  if (held === undefined) {
    const abort = new AbortController()
    const told = (loaded: number) => still() && change(pane, { loaded })
    const lies = (id: string) => useFusion.getState().byPane.get(id)?.second.set.id === second.set.id
    const holder = {
      isShown: () => livePanes().some(({ id }) => lies(id)),
      lost: () => {
        for (const id of [...useFusion.getState().byPane.keys()].filter(lies)) keep(id, undefined)
        letGo(second)
      },
    }
    held = { abort, resampled: wholeVolume(second, told, abort.signal, holder).then(whole => new Resampled(whole)) }
    volumes.set(second.set.id, held)
  }
  try {
    const resampled = await held.resampled
    const isUnset = range === undefined && fusionOf(pane)?.range === started.range
    if (still()) change(pane, { resampled, ...(isUnset && { range: resampled.valueRange }) })
  } catch (thrown) {
    if (volumes.get(second.set.id) === held) volumes.delete(second.set.id)
    if (still()) change(pane, { trouble: whyOf(thrown) })
  }
}

/** The colours of what lies over the picture, else of the picture itself. */
export function nextColours(pane: Pane): void {
  const fusion = fusionOf(pane)
  if (fusion !== undefined) change(pane, { palette: nextPalette(fusion.palette, true) })
  else pane.setPalette(nextPalette(pane.state.getState().palette))
}

export function setFusionOpacity(pane: Pane, opacity: number): void {
  change(pane, { opacity: Math.max(0, Math.min(1, Math.round(opacity * 100) / 100)) })
}

export function setFusionRange(pane: Pane, range: VoiRange): void {
  change(pane, { range })
}

// Another study, or other panes: what lay over pictures that are gone keeps its volumes no longer.
useSession.subscribe((now, before) => {
  if (now.study?.StudyInstanceUID === before.study?.StudyInstanceUID) return
  const seconds = [...useFusion.getState().byPane.values()].map(({ second }) => second)
  useFusion.setState({ byPane: new Map() })
  for (const second of seconds) letGo(second)
})
