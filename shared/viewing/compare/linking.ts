import { dot, type ImagePlane, type Point3, parallel } from '../geometry.ts'

/**
 * How panes follow one another. `place`: to the same place of one frame of reference. `position`: along the slices' normal, each from
 * where it stood when they were linked. `index`: by the part of the stack.
 */
export const LINK_MODES = ['place', 'position', 'index', 'off'] as const
export type LinkMode = (typeof LINK_MODES)[number]

export function nextLinkMode(mode: LinkMode): LinkMode {
  return LINK_MODES[(LINK_MODES.indexOf(mode) + 1) % LINK_MODES.length]!
}

/** mm along its own normal from the patient's origin. */
export function positionOf({ position, normal }: ImagePlane): number {
  return dot(position, normal)
}

/** 1 where two normals run the same way, −1 where they are opposite, 0 where they are not parallel. */
export function sense(a: Point3, b: Point3): -1 | 0 | 1 {
  if (!parallel(a, b)) return 0
  return dot(a, b) > 0 ? 1 : -1
}

/**
 * What counts as one place in several panes: in each a position (mm) along its own normal. A rounding to slices is never taken up
 * into it, so nothing drifts.
 */
export interface Anchor {
  normal: Point3
  at: number
}

/** Where (mm along its normal) a pane follows to when another one, anchored at `from`, stands at `position`; undefined: not parallel. */
export function followedPosition(from: Anchor, position: number, to: Anchor): number | undefined {
  const turn = sense(from.normal, to.normal)
  return turn === 0 ? undefined : to.at + turn * (position - from.at)
}

/** mm along `to`'s normal from where `from`'s place has the same coordinates to where the two were said to be the same. */
export function anchorOffset(from: Anchor, to: Anchor): number | undefined {
  const turn = sense(from.normal, to.normal)
  if (turn === 0) return undefined
  const offset = to.at - turn * from.at
  return Math.abs(offset) < 1e-6 ? 0 : offset
}

/** The nearest plane of a stack to a position along `normal`, and how far it is; −1 where none is parallel. */
export function nearestPosition(
  planes: ReadonlyArray<ImagePlane | undefined>,
  { normal }: Pick<Anchor, 'normal'>,
  position: number,
  current = -1,
): number {
  let best = { index: -1, distance: Number.POSITIVE_INFINITY }
  planes.forEach((plane, index) => {
    if (plane === undefined || sense(plane.normal, normal) === 0) return
    const distance = Math.abs(dot(plane.position, normal) - position)
    // Of slices in the same place (echoes, phases) the shown one stays.
    if (distance < best.distance - 1e-6 || (index === current && distance < best.distance + 1e-6)) {
      best = { index, distance }
    }
  })
  return best.index
}

/** The image of `count` that stands at the same part of its stack as `index` of `of`. */
export function relativeIndex(index: number, of: number, count: number): number {
  return of <= 1 ? 0 : Math.round((index / (of - 1)) * (count - 1))
}

/** How a pane is linked, for its corner; `offset` mm, undefined where it is what the others follow. */
export function linkWords(mode: LinkMode, offset?: number): string {
  if (mode === 'off') return 'not linked'
  if (mode === 'place') return 'linked by place'
  if (mode === 'index') return 'linked by part of the stack'
  if (offset === undefined) return 'linked by position'
  const mm = Math.abs(offset) < 0.05 ? '0.0' : `${offset > 0 ? '+' : '−'}${Math.abs(offset).toFixed(1)}`
  return `linked by position ${mm} mm`
}
