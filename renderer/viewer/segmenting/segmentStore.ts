import { create } from 'zustand'
import type { Step } from '../../../shared/viewing/segmenting/edit.ts'
import type { ValueRange } from '../../../shared/viewing/segmenting/grow.ts'
import type { Rect } from '../../../shared/viewing/segmenting/labels.ts'
import { newSegment, type Segment } from '../../../shared/viewing/segmenting/segment.ts'
import type { SeriesStack } from '../catalog.ts'
import { useMarks } from '../marks/marksStore.ts'
import type { Pane } from '../pane.ts'
import { activePane, useSession } from '../session.ts'
import { reformatOf } from '../volume/reformats.ts'
import { type Head, makeWork, reboundWork, type Work } from './work.ts'

export type SegmentTool = 'brush' | 'erase' | 'threshold' | 'grow' | 'scissors'

interface SegmentingState {
  tool: SegmentTool | undefined
  /** The panel is open. */
  listed: boolean
  /** One of a display set. */
  works: readonly Work[]
  /** In the grid's unit: mm where the images say so. */
  radius: number
  /** Brush and growing go through the slices. */
  through: boolean
  /** Modality values; undefined = taken from where the next click is. */
  range: ValueRange | undefined
  /** 0 to 1. */
  fill: number
  hidden: boolean
  /** Something that takes its time, and can be given up. */
  busy: { words: string; abort: AbortController } | undefined
  /** What is drawn is not on the station's disk, and why; by study. */
  troubles: ReadonlyMap<string, string>
}

export const useSegmenting = create<SegmentingState>(() => ({
  tool: undefined,
  listed: false,
  works: [],
  radius: 5,
  through: false,
  range: undefined,
  fill: 0.25,
  hidden: false,
  busy: undefined,
  troubles: new Map(),
}))

// ── what has been drawn ──

export interface Drawn {
  work: Work
  slice: number
  /** Undefined: all of it. */
  rect: Rect | undefined
}

const listeners = new Set<(drawn: Drawn) => void>()

/** Called with every piece that is drawn, at once. Returns the unsubscribe. */
export function onDrawn(listener: (drawn: Drawn) => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function tellDrawn(drawn: Drawn): void {
  drawn.work.versions[drawn.slice]!++
  for (const listener of listeners) listener(drawn)
}

/** Who keeps what is drawn; slices by number, none = the head alone. */
export type Keep = (work: Work, slices: readonly number[]) => void
let keep: Keep = () => {}

export function keepBy(keeper: Keep): void {
  keep = keeper
}

/** A step is done: it can be taken back, and is kept. */
export function addStep(work: Work, step: Step): void {
  work.history.add(step)
  changeHead(
    work,
    { changed: true },
    step.slices.map(({ index }) => index),
  )
}

export function changeHead(work: Work, change: Partial<Head>, slices: readonly number[] = []): void {
  work.head = { ...work.head, ...change }
  // A new list: what shows it is drawn anew.
  useSegmenting.setState(({ works }) => ({ works: [...works] }))
  // What is as it was saved needs no keeping.
  if (work.head.changed) keep(work, slices)
}

export function changeSegment(work: Work, number: number, change: Partial<Segment>): void {
  const segments = work.head.segments.map(one => (one.number === number ? { ...one, ...change } : one))
  changeHead(work, { segments, changed: true })
}

let drawing = false

/** Between the press and the release of a stroke nothing is taken back. */
export function setDrawing(now: boolean): void {
  drawing = now
  // What ends a stroke finishes it first.
  if (!now) queueMicrotask(rebindWorks)
}

/** True: it was for segments, and nobody else's. */
export function undoSegments(direction: 'undo' | 'redo'): boolean {
  const work = workInHand()
  const { tool, listed, busy } = useSegmenting.getState()
  if (work === undefined || (tool === undefined && !listed)) return false
  if (drawing || busy !== undefined) return true
  const slices = work.history[direction]()
  if (slices === undefined) return false
  for (const slice of slices) tellDrawn({ work, slice, rect: undefined })
  changeHead(work, { changed: true }, slices)
  return true
}

// ── which segmentation ──

/** The images a pane's picture is made of; where it shows some of a display set alone (key images), all of that. */
export function sourceStack(pane: Pane | undefined): SeriesStack | undefined {
  const stack = reformatOf(pane?.stack)?.source ?? pane?.stack
  if (!stack?.isChosen) return stack
  const whole = useSession.getState().stacks.get(stack.manifest.SeriesInstanceUID)
  return whole?.find(({ imageIds }) => imageIds.includes(stack.imageIds[0] ?? ''))
}

export function workOf(stack: SeriesStack | undefined): Work | undefined {
  return useSegmenting.getState().works.find(({ set }) => set === stack?.set.id)
}

export function workInHand(): Work | undefined {
  return workOf(sourceStack(activePane()))
}

export function putWork(work: Work): void {
  useSegmenting.setState(({ works }) => ({ works: [...works.filter(({ set }) => set !== work.set), work] }))
}

export function dropWork(work: Work): void {
  useSegmenting.setState(({ works }) => ({ works: works.filter(one => one !== work) }))
}

/** The segmentation of a stack, made where there is none. A refusal in words. */
export function startWork(stack: SeriesStack): Work | { refusal: string } {
  const here = workOf(stack)
  if (here !== undefined) return here
  const first = newSegment([])!
  const head = { segments: [first], active: first.number, predecessor: undefined, ours: false, changed: false }
  const made = makeWork(stack, crypto.randomUUID(), head)
  if (!('refusal' in made)) putWork(made)
  return made
}

export function addSegment(work: Work): void {
  const made = newSegment(work.head.segments)
  if (made !== undefined) changeHead(work, { segments: [...work.head.segments, made], active: made.number })
}

// ── the tool ──

export function takeSegmentTool(tool: SegmentTool): void {
  const { tool: before } = useSegmenting.getState()
  if (tool === before) {
    putAwaySegmentTool()
    return
  }
  useMarks.setState({ tool: undefined, stays: false, live: undefined, selected: undefined })
  useSegmenting.setState({ tool, hidden: false, listed: true })
}

export function putAwaySegmentTool(): void {
  if (useSegmenting.getState().tool !== undefined) useSegmenting.setState({ tool: undefined })
}

export function segmentToolInHand(): boolean {
  return useSegmenting.getState().tool !== undefined
}

// One hand, one tool.
useMarks.subscribe(({ tool }) => {
  if (tool !== undefined) putAwaySegmentTool()
})

/** Of series that have grown: what is drawn stays with its images. What is not finished yet is waited for. */
export function rebindWorks(): void {
  const { works, busy } = useSegmenting.getState()
  if (drawing || busy !== undefined) return
  const { stacks } = useSession.getState()
  for (const work of works) {
    const stack = stacks.get(work.SeriesInstanceUID)?.find(({ set }) => set.id === work.set)
    if (stack === undefined || stack === work.stack) continue
    const rebound = reboundWork(work, stack)
    if (rebound === undefined) continue
    putWork(rebound)
    // Drawn before its image came: no version has it yet.
    if (rebound.away.size < work.away.size) changeHead(rebound, { changed: true })
  }
}

useSession.subscribe((now, before) => {
  if (now.stacks !== before.stacks) rebindWorks()
})
useSegmenting.subscribe((now, before) => {
  if (now.busy === undefined && before.busy !== undefined) rebindWorks()
})
