/** In pixels of the picture; right and bottom are the first column and row outside. */
export interface TextArea {
  left: number
  top: number
  right: number
  bottom: number
}

/** Half the side of the square a pixel is compared with: wider than any stroke, narrower than an organ. */
const REACH = 12
/** How much a stroke stands out from what is about it, and its edge from what lies two pixels off, levels of 255. */
const CONTRAST = 50
const STEP = 80
/** A letter's height, pixels: lower ones nobody can read, higher ones are no legend. Wider, it is several that touch. */
const HEIGHT = [5, 44] as const
const MOST_WIDTH = 8
/** Strokes are thin: their pixels by those of them at an edge. */
const MOST_STROKE = 2.2
/** Letters of a line: how far apart, in their heights; how many of them make it one; how much taller than they it may be. */
const GAP = 1.5
const LEAST_LETTERS = 6
const MOST_LEAN = 1.8
/** Of a line's letters so many are of one level (within so much), and so many of one height. */
const ONE_LEVEL = { share: 0.6, within: 30 }
const ONE_HEIGHT = { share: 0.4, within: 0.2 }
const ONE_LINE = { share: 0.6, within: 0.15 }

interface Piece extends TextArea {
  /** Pixels, and those of them that have another beside them that is none. */
  area: number
  edge: number
  /** The level that stands out most, and the sum of the steps across its edge. */
  peak: number
  step: number
}

/**
 * Where there may be writing in a picture of greys (8 bits as displayed, row by row): rows of small thin sharp shapes of one level and height, light on
 * dark or dark on light. It reads nothing: it proposes, and a person looks. Measured beside tesseract.js: README.
 */
export function textAreasOf(grey: Uint8Array, columns: number, rows: number): TextArea[] {
  const means = meansAround(grey, columns, rows)
  return [1, -1].flatMap(sign => {
    const mask = new Uint8Array(grey.length)
    for (let at = 0; at < grey.length; at++) mask[at] = sign * (grey[at]! - means[at]!) > CONTRAST ? 1 : 0
    return linesOf(piecesOf(mask, grey, sign, columns, rows).filter(isLetter))
  })
}

/** The mean of the square about each pixel, by sums over rows and columns. */
function meansAround(grey: Uint8Array, columns: number, rows: number): Uint8Array {
  const sums = new Float64Array((columns + 1) * (rows + 1))
  for (let y = 0; y < rows; y++) {
    let line = 0
    for (let x = 0; x < columns; x++) {
      line += grey[y * columns + x]!
      sums[(y + 1) * (columns + 1) + x + 1] = sums[y * (columns + 1) + x + 1]! + line
    }
  }
  const means = new Uint8Array(grey.length)
  for (let y = 0; y < rows; y++) {
    const [top, bottom] = [Math.max(0, y - REACH), Math.min(rows, y + REACH + 1)]
    for (let x = 0; x < columns; x++) {
      const [left, right] = [Math.max(0, x - REACH), Math.min(columns, x + REACH + 1)]
      const at = (row: number, column: number) => sums[row * (columns + 1) + column]!
      const sum = at(bottom, right) - at(top, right) - at(bottom, left) + at(top, left)
      means[y * columns + x] = sum / ((bottom - top) * (right - left))
    }
  }
  return means
}

/** What hangs together in the mask, corners too; the mask is used up. `sign`: 1 = lighter than what is about it, -1 = darker. */
function piecesOf(mask: Uint8Array, grey: Uint8Array, sign: number, columns: number, rows: number): Piece[] {
  const pieces: Piece[] = []
  const all = mask.slice()
  const open: number[] = []
  /** Across two pixels, for letters are smoothed by one. */
  const stepAt = (at: number, x: number, y: number): number => {
    const off = (there: boolean, by: number) => (there ? sign * (grey[at]! - grey[at + by]!) : 0)
    return Math.max(off(x > 1, -2), off(x < columns - 2, 2), off(y > 1, -2 * columns), off(y < rows - 2, 2 * columns))
  }
  for (let start = 0; start < mask.length; start++) {
    if (mask[start] === 0) continue
    const piece = { left: columns, top: rows, right: 0, bottom: 0, area: 0, edge: 0, peak: 0, step: 0 }
    mask[start] = 0
    open.push(start)
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const y = Math.trunc(at / columns)
      const x = at - y * columns
      piece.area++
      piece.peak = Math.max(piece.peak, sign > 0 ? grey[at]! : 255 - grey[at]!)
      piece.left = Math.min(piece.left, x)
      piece.right = Math.max(piece.right, x + 1)
      piece.top = Math.min(piece.top, y)
      piece.bottom = Math.max(piece.bottom, y + 1)
      const atBorder = x === 0 || y === 0 || x === columns - 1 || y === rows - 1
      if (atBorder || !all[at - 1] || !all[at + 1] || !all[at - columns] || !all[at + columns]) {
        piece.edge++
        piece.step += stepAt(at, x, y)
      }
      for (let down = y > 0 ? -1 : 0; down <= (y < rows - 1 ? 1 : 0); down++) {
        for (let over = x > 0 ? -1 : 0; over <= (x < columns - 1 ? 1 : 0); over++) {
          const next = at + down * columns + over
          if (mask[next] === 0) continue
          mask[next] = 0
          open.push(next)
        }
      }
    }
    pieces.push(piece)
  }
  return pieces
}

const heightOf = ({ top, bottom }: TextArea) => bottom - top
const widthOf = ({ left, right }: TextArea) => right - left

function isLetter(piece: Piece): boolean {
  const [height, width] = [heightOf(piece), widthOf(piece)]
  if (height < HEIGHT[0] || height > HEIGHT[1] || width > MOST_WIDTH * height) return false
  return piece.area / piece.edge <= MOST_STROKE && piece.step / piece.edge >= STEP
}

/** Letters of about one height that stand beside each other. */
function linesOf(letters: Piece[]): TextArea[] {
  const lines: Piece[][] = []
  /** Those that the next letter may still follow: they are sorted, and what lies far to the left is over. */
  let open: Piece[][] = []
  for (const letter of letters.toSorted((a, b) => a.left - b.left)) {
    open = open.filter(line => letter.left - line.at(-1)!.right <= GAP * HEIGHT[1])
    const line = open.find(line => follows(line.at(-1)!, letter))
    if (line) line.push(letter)
    else {
      const begun = [letter]
      lines.push(begun)
      open.push(begun)
    }
  }
  return lines.filter(isLine).map(covering)
}

function follows(last: Piece, letter: Piece): boolean {
  const heights = [heightOf(last), heightOf(letter)]
  const [low, tall] = [Math.min(...heights), Math.max(...heights)]
  const shared = Math.min(letter.bottom, last.bottom) - Math.max(letter.top, last.top)
  const gap = letter.left - last.right
  return shared >= 0.6 * low && tall <= 1.9 * low && gap <= GAP * tall && gap > -0.4 * tall
}

function isLine(letters: Piece[]): boolean {
  // Letters that touch are counted by how wide they are.
  const count = letters.reduce((sum, one) => sum + Math.max(1, Math.round(widthOf(one) / heightOf(one))), 0)
  if (count < LEAST_LETTERS) return false
  const height = usual(letters.map(heightOf))
  const agree = (of: (one: Piece) => number, within: number) => {
    const middle = usual(letters.map(of))
    return letters.filter(one => Math.abs(of(one) - middle) <= within).length / letters.length
  }
  const edges = Math.max(1, ONE_LINE.within * height)
  return (
    heightOf(covering(letters)) <= MOST_LEAN * height + 1 &&
    agree(({ peak }) => peak, ONE_LEVEL.within) >= ONE_LEVEL.share &&
    agree(heightOf, Math.max(1, ONE_HEIGHT.within * height)) >= ONE_HEIGHT.share &&
    Math.max(
      agree(({ top }) => top, edges),
      agree(({ bottom }) => bottom, edges),
    ) >= ONE_LINE.share
  )
}

/** Above the median: of letters the tall ones are of one height. */
function usual(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.6)] ?? 0
}

/** The smallest that holds them all. */
export function covering(areas: readonly TextArea[]): TextArea {
  return {
    left: Math.min(...areas.map(({ left }) => left)),
    top: Math.min(...areas.map(({ top }) => top)),
    right: Math.max(...areas.map(({ right }) => right)),
    bottom: Math.max(...areas.map(({ bottom }) => bottom)),
  }
}
