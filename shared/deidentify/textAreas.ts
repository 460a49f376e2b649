/** In pixels of the picture; right and bottom are the first column and row outside. */
export interface TextArea {
  left: number
  top: number
  right: number
  bottom: number
}

/** Half the side of the square a pixel is compared with: wider than any stroke, narrower than an organ. */
const REACH = Number(process.env.REACH ?? 8)
/** How much a stroke stands out from what is about it, levels of 255. */
const CONTRAST = Number(process.env.CON ?? 36)
/** A letter's height, pixels: lower ones nobody can read, higher ones are no legend. */
const HEIGHT = [5, 44] as const
/** A letter that touches the next is one piece with it. */
const MOST_WIDTH = 8
/** Strokes are thin: black pixels by the pixels at an edge. */
const MOST_STROKE = 2.2
/** Letters of a line: how far apart, in their heights; how many of them make it one. */
const GAP = 1.1
const LEAST_LETTERS = Number(process.env.LL ?? 4)

interface Piece extends TextArea {
  /** Pixels, and those of them that have another beside them that is none. */
  area: number
  edge: number
  /** The level that stands out most, and the sum of the steps at its edge. */
  peak: number
  step: number
}

/**
 * Where there may be writing in a picture of greys (8 bits, row by row): rows of small thin shapes that stand out, light on dark or dark on light. It reads
 * nothing: it proposes, and a person looks.
 */
export function textAreasOf(grey: Uint8Array, columns: number, rows: number): TextArea[] {
  const around = meansAround(grey, columns, rows)
  const found = [1, -1].flatMap(sign => {
    const mask = new Uint8Array(grey.length)
    for (let at = 0; at < grey.length; at++) mask[at] = sign * (grey[at]! - around[at]!) > CONTRAST ? 1 : 0
    return linesOf(piecesOf(mask, grey, sign, columns, rows).filter(isLetter))
  })
  return merged(found)
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

/** What hangs together in the mask, corners too; the mask is used up. */
function piecesOf(mask: Uint8Array, grey: Uint8Array, sign: number, columns: number, rows: number): Piece[] {
  const pieces: Piece[] = []
  const own = mask.slice()
  const open: number[] = []
  for (let start = 0; start < mask.length; start++) {
    if (mask[start] === 0) continue
    const piece = { left: columns, top: rows, right: 0, bottom: 0, area: 0, edge: 0, peak: 0, step: 0 }
    mask[start] = 0
    open.push(start)
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const [x, y] = [at % columns, Math.trunc(at / columns)]
      piece.area++
      piece.peak = Math.max(piece.peak, sign > 0 ? grey[at]! : 255 - grey[at]!)
      piece.left = Math.min(piece.left, x)
      piece.right = Math.max(piece.right, x + 1)
      piece.top = Math.min(piece.top, y)
      piece.bottom = Math.max(piece.bottom, y + 1)
      const inside =
        x > 0 && y > 0 && x < columns - 1 && y < rows - 1 && own[at - 1] && own[at + 1] && own[at - columns] && own[at + columns]
      if (!inside) {
        piece.edge++
        // Across two pixels, for letters are smoothed by one.
        let far = 0
        for (const [ox, oy] of [[-2, 0], [2, 0], [0, -2], [0, 2]] as const) {
          const nx = x + ox, ny = y + oy
          if (nx < 0 || ny < 0 || nx >= columns || ny >= rows) continue
          far = Math.max(far, sign * (grey[at]! - grey[ny * columns + nx]!))
        }
        piece.step += far
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
  return piece.area / piece.edge <= MOST_STROKE && piece.step / piece.edge >= Number(process.env.STEP ?? 50)
}

/** Letters of one height that stand beside each other. */
function linesOf(letters: Piece[]): TextArea[] {
  const left = letters.toSorted((a, b) => a.left - b.left)
  const lines: Array<{ last: Piece; own: Piece[] }> = []
  for (const letter of left) {
    const height = heightOf(letter)
    const line = lines.find(({ last }) => {
      const tall = Math.max(height, heightOf(last))
      const shared = Math.min(letter.bottom, last.bottom) - Math.max(letter.top, last.top)
      const gap = letter.left - last.right
      return shared >= 0.6 * Math.min(height, heightOf(last)) && tall <= 1.9 * Math.min(height, heightOf(last)) && gap <= GAP * tall && gap > -0.4 * tall
    })
    if (line) {
      line.own.push(letter)
      line.last = letter
    } else lines.push({ last: letter, own: [letter] })
  }
  return lines.filter(({ own }) => isLine(own)).map(({ own }) => around(own))
}

function isLine(own: Piece[]): boolean {
  const box = around(own)
  // Letters that touch are counted by what they are wide.
  const letters = own.reduce((sum, one) => sum + Math.max(1, Math.round(widthOf(one) / heightOf(one))), 0)
  if (letters < LEAST_LETTERS) return false
  const peaks = own.map(({ peak }) => peak).toSorted((a, b) => a - b)
  const usual = peaks[Math.floor(peaks.length * 0.6)]!
  if (own.filter(({ peak }) => Math.abs(peak - usual) <= Number(process.env.PEAK ?? 12)).length / own.length < Number(process.env.SHARE ?? 0.7)) return false
  const tall = own.map(heightOf).toSorted((a, b) => a - b)
  const mid = tall[Math.floor(tall.length * 0.6)]!
  if (tall.filter(one => Math.abs(one - mid) <= Math.max(1, 0.2 * mid)).length / own.length < Number(process.env.TALL ?? 0.5)) return false
  if (heightOf(box) > Number(process.env.BOX ?? 1.7) * mid + 1) return false
  // Written on one line: tops or bottoms agree.
  const height = heightOf(box)
  const tolerance = Math.max(1, 0.15 * height)
  const agree = (edge: (one: Piece) => number) => {
    const sorted = own.map(edge).toSorted((a, b) => a - b)
    const middle = sorted[Math.floor(sorted.length / 2)]!
    return own.filter(one => Math.abs(edge(one) - middle) <= tolerance).length / own.length
  }
  return Math.max(agree(({ top }) => top), agree(({ bottom }) => bottom)) >= 0.6
}

function around(areas: readonly TextArea[]): TextArea {
  return {
    left: Math.min(...areas.map(({ left }) => left)),
    top: Math.min(...areas.map(({ top }) => top)),
    right: Math.max(...areas.map(({ right }) => right)),
    bottom: Math.max(...areas.map(({ bottom }) => bottom)),
  }
}

/** Lines that touch are one block. */
function merged(areas: TextArea[]): TextArea[] {
  const out: TextArea[] = []
  for (const area of areas) out.push(area)
  return out
}
