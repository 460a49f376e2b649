import { create } from 'zustand'
import { subtractionRefusal } from '../../../shared/viewing/compare/subtract.ts'
import { heard, t, whyOf } from '../../i18n/index.ts'
import { announceFailure } from '../../ui/index.ts'
import { describeFrame, type SeriesStack } from '../catalog.ts'
import { endFusion } from '../fusion/fusionStore.ts'
import { Resampled } from '../fusion/resampled.ts'
import { wholeVolume } from '../fusion/wholeVolume.ts'
import type { Pane } from '../pane.ts'
import { livePanes, paneAt, useSession, visiblePanes } from '../session.ts'
import { patientOf, planeOf } from '../space.ts'
import { unitOf } from '../uptake.ts'
import { liesIn, sourceSetId } from '../volume/reformats.ts'
import type { VoiRange } from '../windows.ts'
import { type Laying, layingOf, linkByPosition, useLinks } from './links.ts'

export type CompareMode = 'swipe' | 'subtract'

/** A second series in the picture of a pane, for as long as both hang where they did. */
export interface Comparison {
  mode: CompareMode
  base: SeriesStack
  second: SeriesStack
  /** The pane where the second one hangs: its window holds for its side. */
  secondPane: string
  laying: Laying
  /** Of the second series. */
  range: VoiRange | undefined
  /** 0 (left) to 1: where the second one begins. */
  divider: number
  resampled: Resampled | undefined
  loaded: number
  trouble: string | undefined
}

/** By the id of the pane that shows it. */
export const useCompare = create<{ byPane: ReadonlyMap<string, Comparison> }>(() => ({ byPane: new Map() }))

const loading = new Map<string, AbortController>()

export function comparisonOf(pane: Pane | undefined): Comparison | undefined {
  const comparison = useCompare.getState().byPane.get(pane?.id ?? '')
  return comparison !== undefined && isOver(comparison, pane?.stack) ? comparison : undefined
}

export function isOver({ base }: Comparison, stack: SeriesStack | undefined): boolean {
  return stack !== undefined && liesIn(stack.set.id, base.set.id)
}

function keep(id: string, comparison: Comparison | undefined): void {
  const byPane = new Map(useCompare.getState().byPane)
  if (comparison === undefined) byPane.delete(id)
  else byPane.set(id, comparison)
  useCompare.setState({ byPane })
}

function change(id: string, part: Partial<Comparison>): void {
  const comparison = useCompare.getState().byPane.get(id)
  if (comparison !== undefined) keep(id, { ...comparison, ...part })
}

export function moveDivider(pane: Pane, divider: number): void {
  change(pane.id, { divider: Math.max(0, Math.min(1, divider)) })
}

export function endComparison(id: string): void {
  const comparison = useCompare.getState().byPane.get(id)
  keep(id, undefined)
  loading.get(id)?.abort()
  loading.delete(id)
  comparison?.resampled?.dispose()
}

/** Off, then one beside the other in one picture, then what differs, then off. */
export function nextComparison(pane: Pane): void {
  const comparison = comparisonOf(pane)
  if (comparison === undefined) begin(pane, 'swipe')
  else if (comparison.mode === 'swipe') {
    const why = heard(refusalOf(comparison))
    if (why === '') change(pane.id, { mode: 'subtract' })
    else {
      endComparison(pane.id)
      announceFailure('No subtraction.', why)
    }
  } else endComparison(pane.id)
}

function refusalOf({ base, second }: Pick<Comparison, 'base' | 'second'>): string {
  const [first, other] = [base, second].map(stack => {
    const frame = describeFrame(stack.imageIds[0] ?? '')
    return { Modality: stack.manifest.Modality, unit: frame === undefined ? '' : unitOf(frame).unit }
  })
  return subtractionRefusal(first!, other!)
}

/** The next pane on the screen with a series of this patient. */
function partnerOf(pane: Pane): Pane | undefined {
  const { layout } = useSession.getState()
  const count = layout.rows * layout.columns
  const all = Array.from({ length: count }, (_, index) => paneAt(index))
  const at = all.indexOf(pane)
  const following = [...all.slice(at + 1), ...all.slice(0, at)]
  return following.find(other => {
    const [a, b] = [pane.stack, other?.stack]
    if (a === undefined || b === undefined || sourceSetId(a.set.id) === sourceSetId(b.set.id)) return false
    return patientOf(a.manifest.StudyInstanceUID) === patientOf(b.manifest.StudyInstanceUID)
  })
}

/** Begins, or says in words why it cannot. */
function begin(pane: Pane, mode: CompareMode): void {
  const refuse = (why: string) => announceFailure('No comparison.', why)
  if (pane.stack === undefined) return
  const partner = partnerOf(pane)
  if (partner?.stack === undefined) {
    refuse(t('Hang another series of this patient in a pane beside this one.'))
    return
  }
  const place = ({ stack, state }: Pane) => (stack === undefined ? undefined : planeOf(stack, state.getState().index))
  const [own, its] = [place(pane), place(partner)]
  if (own === undefined || its === undefined) {
    refuse(t('One of the two has no place in the patient.'))
    return
  }
  let laying = layingOf(pane, partner)
  if (laying === undefined) {
    // Nothing says where one lies in the other but the reader: what is shown now is one place, and stays so.
    linkByPosition(pane, visiblePanes())
    useSession.setState({ linked: true })
    laying = layingOf(pane, partner)
  }
  if (laying === undefined) {
    refuse(t('The two series share no frame of reference and do not run parallel.'))
    return
  }
  endFusion(pane)
  // A reformat is sampled from what it is made of, and that is what is sampled here.
  const second = sourceOf(partner.stack)
  const { range } = partner.state.getState()
  const comparison: Comparison = {
    mode,
    base: pane.stack,
    second,
    secondPane: partner.id,
    laying,
    range,
    divider: 0.5,
    resampled: undefined,
    loaded: 0,
    trouble: undefined,
  }
  keep(pane.id, comparison)
  void load(pane.id, second)
}

function sourceOf(stack: SeriesStack): SeriesStack {
  const all = useSession.getState().stacks.get(stack.manifest.SeriesInstanceUID) ?? []
  return stack.sourceIds === undefined ? stack : (all.find(({ set }) => set.id === sourceSetId(stack.set.id)) ?? stack)
}

async function load(id: string, second: SeriesStack): Promise<void> {
  const abort = new AbortController()
  loading.set(id, abort)
  const told = (loaded: number) => {
    if (!abort.signal.aborted) change(id, { loaded })
  }
  try {
    const holder = {
      isShown: () => livePanes().some(pane => pane.id === id),
      lost: () => endComparison(id),
    }
    const whole = await wholeVolume(second, told, abort.signal, holder)
    if (abort.signal.aborted) whole.letGo()
    else change(id, { resampled: new Resampled(whole, 1) })
  } catch (thrown) {
    if (!abort.signal.aborted) change(id, { trouble: whyOf(thrown) })
  }
}

// Another offset by hand: what is laid over goes with it.
useLinks.subscribe((now, before) => {
  if (now.anchors === before.anchors && now.mode === before.mode && now.registrations === before.registrations) return
  for (const [id, { secondPane, second }] of useCompare.getState().byPane) {
    const [pane, partner] = [id, secondPane].map(one => livePanes().find(live => live.id === one))
    // What hangs there now may be another series: then the offset that was said for this one holds.
    if (pane?.stack === undefined || partner?.stack === undefined) continue
    if (sourceSetId(partner.stack.set.id) !== sourceSetId(second.set.id)) continue
    const laying = layingOf(pane, partner)
    if (laying !== undefined) change(id, { laying })
  }
})

// Another study: what was compared keeps its volumes no longer.
useSession.subscribe((now, before) => {
  if (now.study?.StudyInstanceUID === before.study?.StudyInstanceUID) return
  for (const id of useCompare.getState().byPane.keys()) endComparison(id)
})
