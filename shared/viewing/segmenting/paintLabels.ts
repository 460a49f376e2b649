import type { RGB } from '../objects/colours.ts'
import type { Rect } from './labels.ts'

/** How the segments look: by number, undefined = not shown. */
export interface LabelLook {
  colours: ReadonlyArray<RGB | undefined>
  /** 0 to 1, of what lies inside; 0 = outlines alone. */
  fill: number
}

/**
 * A rectangle of labels as RGBA, row by row, onto what is there (`into` is of the rectangle's size): outlines are the segments' own
 * outermost pixels.
 */
export function paintLabels(
  labels: Uint8Array,
  columns: number,
  { left, top, right, bottom }: Rect,
  { colours, fill }: LabelLook,
  into: Uint8ClampedArray,
): void {
  const rows = labels.length / columns
  const inner = Math.round(fill * 255)
  for (let y = top; y < bottom; y++) {
    let at = y * columns + left
    let out = (y - top) * (right - left) * 4
    for (let x = left; x < right; x++, at++, out += 4) {
      const label = labels[at]!
      if (label === 0) continue
      const colour = colours[label]
      if (colour === undefined) continue
      const isEdge =
        x === 0 ||
        y === 0 ||
        x === columns - 1 ||
        y === rows - 1 ||
        labels[at - 1] !== label ||
        labels[at + 1] !== label ||
        labels[at - columns] !== label ||
        labels[at + columns] !== label
      if (!isEdge && inner === 0) continue
      into[out] = colour[0]
      into[out + 1] = colour[1]
      into[out + 2] = colour[2]
      into[out + 3] = isEdge ? 230 : inner
    }
  }
}

/** A rectangle with the pixels beside it, whose outlines it decides; cut at the picture's edges. */
export function grownByOne({ left, top, right, bottom }: Rect, columns: number, rows: number): Rect {
  return {
    left: Math.max(0, left - 1),
    top: Math.max(0, top - 1),
    right: Math.min(columns, right + 1),
    bottom: Math.min(rows, bottom + 1),
  }
}
