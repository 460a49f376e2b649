import type { Point } from '../../../shared/viewing/measure/scale.ts'

/** By display set: what is to be seen of a slide, in pixels of its largest level, until a pane shows it. */
const wanted = new Map<string, Point[]>()
const lookers = new Map<string, Set<(points: Point[]) => void>>()

/** Brings a place of a slide into view: in the panes that show it, else in the next one that does. */
export function lookAt(displaySet: string, points: Point[]): void {
  const here = lookers.get(displaySet)
  if (here === undefined || here.size === 0) wanted.set(displaySet, points)
  else for (const look of here) look(points)
}

/** A pane shows the slide. Returns what ends that. */
export function onLook(displaySet: string, look: (points: Point[]) => void): () => void {
  const here = lookers.get(displaySet) ?? new Set()
  lookers.set(displaySet, here)
  here.add(look)
  const points = wanted.get(displaySet)
  wanted.delete(displaySet)
  if (points !== undefined) look(points)
  return () => here.delete(look)
}
