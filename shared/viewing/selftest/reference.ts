import { applyMatrix, imageToDevice, invertMatrix, type Matrix, type Size, scaleMatrix, type View } from '../view.ts'
import { COLUMNS, colourAt, DOTS, modalityAt, type PhantomKind, phantomWindow, ROWS, SPACING } from './phantom.ts'

/**
 * What a screen must show of the phantom, reckoned the slow way from what the filters are by definition (look: linear on the stored
 * values before the window, the mean of what a device pixel covers below 1:1, samples as squares where asked for), pixel by
 * pixel and with nothing of the program's own painting.
 */
export interface TestView {
  name: string
  view: Omit<View, 'centre'>
  /** Pixels of their true shape; otherwise as squares, which makes 1:1 exact. */
  shaped: boolean
  nearest: boolean
  inverted: boolean
  /** A part of the phantom's window, so that both ends are cut off. */
  narrow: boolean
}

const of = (name: string, zoom: number, more: Partial<TestView> & Partial<View> = {}): TestView => ({
  name,
  view: { zoom, quarterTurns: more.quarterTurns ?? 0, mirrored: more.mirrored ?? false },
  shaped: more.shaped ?? false,
  nearest: more.nearest ?? false,
  inverted: more.inverted ?? false,
  narrow: more.narrow ?? false,
})

export const TEST_VIEWS: readonly TestView[] = [
  of('1:1', 1),
  of('1:1, a narrow window', 1, { narrow: true }),
  of('1:1, inverted', 1, { inverted: true }),
  of('2×', 2),
  of('½×', 0.5),
  of('true shape', 1.5, { shaped: true }),
  of('turned 90°', 1, { quarterTurns: 1 }),
  of('turned 180°, mirrored', 1, { quarterTurns: 2, mirrored: true }),
  of('turned 270°, mirrored, squares of 2', 2, { quarterTurns: 3, mirrored: true, nearest: true }),
]

/** Device pixels: the phantom at 1:1 with black around it, and a part of it when it is enlarged. */
export const TEST_SIZE: Size = { width: 160, height: 120 }
/** Of a reference picture: a millisecond's work. */
const ROWS_AT_ONCE = 20
/** Height of a pixel by its width. */
const ASPECT = SPACING.y / SPACING.x

/** Image to device of a view. */
export function testMatrix({ view, shaped }: TestView): Matrix {
  return imageToDevice({ ...view, centre: [COLUMNS / 2, ROWS / 2] }, TEST_SIZE, shaped ? ASPECT : 1)
}

/** The modality values shown black and white. */
export function testRange(kind: PhantomKind, { narrow }: TestView): { lower: number; upper: number } {
  const { center, width } = phantomWindow(kind)
  const shown = narrow ? (width - 1) / 4 : width - 1
  return { lower: center - 0.5 - shown / 2, upper: center - 0.5 + shown / 2 }
}

/** Greys a unit of the modality values. */
export function levelsPerValue(kind: PhantomKind, view: TestView): number {
  if (kind === 'colour') return 1
  const { lower, upper } = testRange(kind, view)
  return 255 / (upper - lower)
}

/** The samples of a row or column that a device pixel takes, and how much of each. Filled anew: there are some 40,000 of them a picture. */
class Taps {
  count = 0
  /** Three at most: below 1:1 to ½ a device pixel lies over no more. */
  readonly index = new Int32Array(4)
  readonly weight = new Float64Array(4)

  #add(index: number, weight: number): void {
    this.index[this.count] = index
    this.weight[this.count++] = weight
  }

  /** Of `count` samples, about `at`. */
  fill(at: number, count: number, zoom: number, nearest: boolean): void {
    this.count = 0
    if (nearest || zoom === 1) {
      this.#add(Math.floor(at), 1)
    } else if (zoom > 1) {
      const low = Math.min(count - 1, Math.max(0, at - 0.5))
      const first = Math.min(Math.floor(low), count - 2)
      this.#add(first, 1 - (low - first))
      this.#add(first + 1, low - first)
    } else {
      const [from, to] = [Math.max(0, at - 0.5 / zoom), Math.min(count, at + 0.5 / zoom)]
      for (let index = Math.floor(from); index < to; index++) {
        this.#add(index, (Math.min(to, index + 1) - Math.max(from, index)) / (to - from))
      }
    }
  }
}

/** What is resampled: modality values, or red, green and blue by turns. */
function samplesOf(kind: PhantomKind): Float64Array {
  const samples = new Float64Array(ROWS * COLUMNS * (kind === 'colour' ? 3 : 1))
  for (let place = 0; place < ROWS * COLUMNS; place++) {
    const [column, row] = [place % COLUMNS, Math.floor(place / COLUMNS)]
    if (kind === 'colour') samples.set(colourAt(column, row), place * 3)
    else samples[place] = modalityAt(kind, column, row)
  }
  return samples
}

/**
 * The picture of a view: `TEST_SIZE`, red, green and blue by turns, 0 to 255, not rounded. Some rows of it at a time, for who must
 * not hold the page up.
 */
export function* referencePicture(kind: PhantomKind, view: TestView): Generator<void, Float64Array> {
  const samples = samplesOf(kind)
  const channels = kind === 'colour' ? 3 : 1
  yield
  const matrix = testMatrix(view)
  const inverse = invertMatrix(matrix)
  const scale = { x: Math.hypot(matrix.a, matrix.b), y: Math.hypot(matrix.c, matrix.d) }
  const { lower, upper } = testRange(kind, view)
  const dark = kind === 'inverse' ? !view.inverted : view.inverted
  const grey = (value: number) => {
    const level = Math.min(255, Math.max(0, (255 * (value - lower)) / (upper - lower)))
    return dark ? 255 - level : level
  }
  const picture = new Float64Array(TEST_SIZE.width * TEST_SIZE.height * 3)
  const [across, down] = [new Taps(), new Taps()]
  for (let place = 0; place < picture.length / 3; place++) {
    const column = place % TEST_SIZE.width
    const line = Math.floor(place / TEST_SIZE.width)
    if (column === 0 && line % ROWS_AT_ONCE === 0) yield
    const [x, y] = applyMatrix(inverse, [column + 0.5, line + 0.5])
    if (x < 0 || y < 0 || x >= COLUMNS || y >= ROWS) continue
    across.fill(x, COLUMNS, scale.x, view.nearest)
    down.fill(y, ROWS, scale.y, view.nearest)
    for (let channel = 0; channel < channels; channel++) {
      let sum = 0
      for (let j = 0; j < down.count; j++) {
        for (let i = 0; i < across.count; i++) {
          const at = (down.index[j]! * COLUMNS + across.index[i]!) * channels + channel
          sum += samples[at]! * down.weight[j]! * across.weight[i]!
        }
      }
      if (channels === 3) picture[place * 3 + channel] = sum
      else picture.fill(grey(sum), place * 3, place * 3 + 3)
    }
  }
  return picture
}

export interface PictureDifference {
  /** Grey levels, of the channel that is furthest off. */
  worst: number
  /** Device pixel of it. */
  at: [x: number, y: number]
  expected: number
  found: number
}

/** Where a picture (RGBA, as a canvas gives it) is furthest from the reference. */
export function furthestFrom(reference: Float64Array, rgba: ArrayLike<number>): PictureDifference {
  let [worst, where] = [0, 0]
  for (let i = 0; i < reference.length; i++) {
    const off = Math.abs(reference[i]! - foundAt(rgba, i))
    if (off > worst) {
      worst = off
      where = i
    }
  }
  const place = Math.floor(where / 3)
  const at: [number, number] = [place % TEST_SIZE.width, Math.floor(place / TEST_SIZE.width)]
  return { worst, at, expected: reference[where] ?? 0, found: foundAt(rgba, where) }
}

/** Of red, green and blue by turns in what a canvas gives; far from every level where the picture ends. */
function foundAt(rgba: ArrayLike<number>, i: number): number {
  return rgba[Math.floor(i / 3) * 4 + (i % 3)] ?? -255
}

/** A drawn picture and how it lies: image to device pixels. */
export interface DrawnPicture {
  rgba: ArrayLike<number>
  size: Size
  matrix: Matrix
}

/** Pixels about a dot within which nothing else is drawn. */
const AROUND = 5

/** Where a dot stands in the picture, device pixels: the middle of what differs from the ground about it; undefined when it is not in it. */
export function findDot({ rgba, size, matrix }: DrawnPicture, [column, row]: readonly [number, number]) {
  const corners = [-AROUND, AROUND + 1].map(by => applyMatrix(matrix, [column + by, row + by]))
  const [left, right] = corners.map(([x]) => x).sort((a, b) => a - b) as [number, number]
  const [top, bottom] = corners.map(([, y]) => y).sort((a, b) => a - b) as [number, number]
  if (left < 0 || top < 0 || right > size.width || bottom > size.height) return undefined
  const level = (x: number, y: number) => rgba[(y * size.width + x) * 4] ?? 0
  const ground = level(Math.round(left), Math.round(top))
  let [sum, sumX, sumY] = [0, 0, 0]
  for (let y = Math.round(top); y < Math.round(bottom); y++) {
    for (let x = Math.round(left); x < Math.round(right); x++) {
      const weight = Math.abs(level(x, y) - ground)
      if (weight <= 2) continue
      sum += weight
      sumX += weight * (x + 0.5)
      sumY += weight * (y + 0.5)
    }
  }
  return sum === 0 ? undefined : ([sumX / sum, sumY / sum] as [number, number])
}

/** How far along an axis a point lies from the middle of a dot's pixel. */
export function offBy([x, y]: readonly [number, number], [column, row]: readonly [number, number]): number {
  return Math.max(Math.abs(x - column - 0.5), Math.abs(y - row - 0.5))
}

/** Device pixels for one of CSS that displays have. */
export const RATIOS = [1, 1.25, 1.5, 2] as const

/**
 * Where the dots on the screen are in the image, as a pointer finds them at a device pixel ratio: how far from where they are along
 * an axis, in pixels of the image, at worst. Undefined when none is in the picture.
 */
export function pointerError(picture: DrawnPicture, ratio: number): number | undefined {
  const transform = scaleMatrix(picture.matrix, 1 / ratio)
  const errors = DOTS.flatMap(dot => {
    const at = findDot(picture, dot)
    if (at === undefined) return []
    const [x, y] = applyMatrix(invertMatrix(transform), [at[0] / ratio, at[1] / ratio])
    return [offBy([x, y], dot)]
  })
  return errors.length === 0 ? undefined : Math.max(...errors)
}
