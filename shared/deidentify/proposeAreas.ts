import type { ImageText } from '../export.ts'
import type { BlackArea } from './options.ts'
import { covering, type TextArea } from './textAreas.ts'

/** What is written stands a little beyond what was found of it, pixels; a word before or behind it may not have been found, in heights of the line. */
const MARGIN = 4
const BESIDE = 2
/** An area is made black in all images of its series and size: it is proposed only where so many of them have text. */
const LEAST_SHARE = 0.5
/** Of one series and size; more are one block. */
const MOST_AREAS = 24

/**
 * What may be made black in a series, of what was found in its images: where at least half the images of one size have text. What
 * stands in fewer would cost the others their anatomy; a person looks at those. All are `unseen`.
 */
export function proposedAreas(SeriesInstanceUID: string, searched: readonly ImageText[]): BlackArea[] {
  const bySize = Map.groupBy(searched, ({ Rows, Columns }) => `${Rows} ${Columns}`)
  return [...bySize.values()].flatMap(images => {
    const { Rows = 1, Columns = 1 } = images[0] ?? {}
    const boxes = images.flatMap(({ areas }, image) => areas.map(area => ({ ...widened(area, Rows, Columns), image })))
    const often = joined(boxes).filter(({ images: own }) => own.size >= LEAST_SHARE * images.length)
    const shown = often.length > MOST_AREAS ? [covering(often)] : often
    return shown.map(({ left, top, right, bottom }) => ({
      SeriesInstanceUID,
      Rows,
      Columns,
      left: (left / Columns) * 100,
      top: (top / Rows) * 100,
      width: ((right - left) / Columns) * 100,
      height: ((bottom - top) / Rows) * 100,
      unseen: true,
    }))
  })
}

function widened({ left, top, right, bottom }: TextArea, Rows: number, Columns: number): TextArea {
  return {
    left: Math.max(0, left - BESIDE * (bottom - top)),
    top: Math.max(0, top - MARGIN),
    right: Math.min(Columns, right + BESIDE * (bottom - top)),
    bottom: Math.min(Rows, bottom + MARGIN),
  }
}

interface Joined extends TextArea {
  /** In which of them. */
  images: Set<number>
}

/** Those that overlap are one. */
function joined(boxes: ReadonlyArray<TextArea & { image: number }>): Joined[] {
  let blocks: Joined[] = []
  for (const { image, ...box } of boxes) {
    let block: Joined = { ...box, images: new Set([image]) }
    // What has grown may meet others.
    for (;;) {
      const met = blocks.filter(one => overlap(one, block))
      if (met.length === 0) break
      blocks = blocks.filter(one => !met.includes(one))
      for (const one of met) block = { ...covering([one, block]), images: new Set([...one.images, ...block.images]) }
    }
    blocks.push(block)
  }
  return blocks
}

function overlap(one: TextArea, other: TextArea): boolean {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom
}
