/** A rectangle in device pixels from the pattern's top left. */
export interface Area {
  x: number
  y: number
  width: number
  height: number
}

/** Bars of `period` pixels of each level, in turn. */
export interface Bars extends Area {
  direction: 'vertical' | 'horizontal'
  period: number
  levels: [number, number]
}

export interface TestPattern {
  width: number
  height: number
  /** Display-driving levels, 0 to 255, row by row. */
  grey: Uint8Array
  /** The 18 steps, darkest first. */
  steps: Array<Area & { level: number }>
  /** 5 % in the black step, 95 % in the white one. */
  inserts: Array<Area & { level: number }>
  bars: Bars[]
  /** Black to white, and back. */
  gradients: Array<Area & { upwards: boolean }>
}

const BACKGROUND = 128
const GRID = 160
/** 0, sixteen equal steps, 255, as in AAPM TG18-QC. */
const STEPS = [0, ...Array.from({ length: 16 }, (_, index) => 8 + 16 * index), 255]
const PERCENT_5 = 13
const PERCENT_95 = 242
/** What the corners of a step differ by. */
const CORNER = 4
const WORDS = 'QUALITY CONTROL'

/** 5 × 7 dots a letter, a row of bits each. */
const GLYPHS: Record<string, number[]> = {
  A: [0b01110, 0b10001, 0b10001, 0b11111, 0b10001, 0b10001, 0b10001],
  C: [0b01110, 0b10001, 0b10000, 0b10000, 0b10000, 0b10001, 0b01110],
  I: [0b01110, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110],
  L: [0b10000, 0b10000, 0b10000, 0b10000, 0b10000, 0b10000, 0b11111],
  N: [0b10001, 0b11001, 0b10101, 0b10101, 0b10011, 0b10001, 0b10001],
  O: [0b01110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01110],
  Q: [0b01110, 0b10001, 0b10001, 0b10001, 0b10101, 0b10010, 0b01101],
  R: [0b11110, 0b10001, 0b10001, 0b11110, 0b10100, 0b10010, 0b10001],
  T: [0b11111, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100],
  U: [0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01110],
  Y: [0b10001, 0b10001, 0b01010, 0b00100, 0b00100, 0b00100, 0b00100],
  x: [0b00000, 0b00000, 0b10001, 0b01010, 0b00100, 0b01010, 0b10001],
}
const GLYPH_WIDTH = 6
const GLYPH_HEIGHT = 7

/**
 * A grey pattern to look at, after AAPM TG18-QC (On-Line Report 03, 2005): steps with faint corners, 5 % and 95 %, bars of one
 * and two pixels, Cx in falling contrast, gradients, words that fade. For `width` × `height` device pixels (at least 640 × 400
 * for all to have its place), to be shown 1:1.
 */
export function drawTestPattern(width: number, height: number): TestPattern {
  const pattern: TestPattern = {
    width,
    height,
    grey: new Uint8Array(width * height).fill(BACKGROUND),
    steps: [],
    inserts: [],
    bars: [],
    gradients: [],
  }
  const unit = Math.max(8, Math.floor(Math.min(width / 14, height / 9)))
  drawGrid(pattern, unit)
  drawSteps(pattern, unit)
  drawGradients(pattern, unit)
  drawWords(pattern, unit)
  const [half, edge] = [Math.floor(DETAIL / 2), Math.max(4, Math.floor(unit / 4))]
  const [middleX, middleY] = [Math.floor(width / 2), Math.floor(height / 2)]
  drawDetail(pattern, middleX - half, middleY - half)
  for (const x of [edge, width - edge - DETAIL]) {
    for (const y of [edge, height - edge - DETAIL]) drawDetail(pattern, x, y)
  }
  return pattern
}

function fill({ grey, width, height }: TestPattern, area: Area, level: (x: number, y: number) => number): void {
  for (let y = Math.max(0, area.y); y < Math.min(height, area.y + area.height); y++) {
    for (let x = Math.max(0, area.x); x < Math.min(width, area.x + area.width); x++) {
      grey[y * width + x] = level(x - area.x, y - area.y)
    }
  }
}

/** Straight lines at equal distances, and the outermost pixels white: nothing is cut off. */
function drawGrid(pattern: TestPattern, unit: number): void {
  const { width, height } = pattern
  const [left, top] = [Math.floor(width / 2) % unit, Math.floor(height / 2) % unit]
  fill(pattern, { x: 0, y: 0, width, height }, (x, y) => {
    if (x === 0 || y === 0 || x === width - 1 || y === height - 1) return 255
    return x % unit === left || y % unit === top ? GRID : BACKGROUND
  })
}

function drawSteps(pattern: TestPattern, unit: number): void {
  const { width, height } = pattern
  const left = Math.floor((width - 9 * unit) / 2)
  STEPS.forEach((level, index) => {
    // Two rows; the second goes back, so that black and white stand beside each other.
    const [row, column] = index < 9 ? [0, index] : [1, 17 - index]
    const y = Math.floor(height / 2) + (row === 0 ? -Math.floor(2.25 * unit) : Math.floor(1.25 * unit))
    const step = { x: left + column * unit, y, width: unit, height: unit, level }
    pattern.steps.push(step)
    fill(pattern, step, () => level)
    const insert = level === 0 ? PERCENT_5 : level === 255 ? PERCENT_95 : undefined
    if (insert !== undefined) {
      const quarter = Math.floor(unit / 4)
      const area = { x: step.x + quarter, y: y + quarter, width: 2 * quarter, height: 2 * quarter, level: insert }
      pattern.inserts.push(area)
      fill(pattern, area, () => insert)
      return
    }
    const small = Math.floor(unit / 5)
    for (const [dx, dy, sign] of [
      [0, 0, 1],
      [unit - small, unit - small, 1],
      [unit - small, 0, -1],
      [0, unit - small, -1],
    ] as const) {
      const corner = { x: step.x + dx, y: y + dy, width: small, height: small }
      fill(pattern, corner, () => level + sign * CORNER)
    }
  })
}

function drawGradients(pattern: TestPattern, unit: number): void {
  const { width, height } = pattern
  const tall = Math.floor(height / 2)
  for (const upwards of [true, false]) {
    const x = upwards ? Math.floor(1.25 * unit) : width - Math.floor(1.25 * unit) - unit
    const area = { x, y: Math.floor(height / 4), width: unit, height: tall, upwards }
    pattern.gradients.push(area)
    fill(pattern, area, (_, y) => Math.floor((256 * (upwards ? tall - 1 - y : y)) / tall))
  }
}

function drawLetter(pattern: TestPattern, letter: string, at: Area, scale: number, level: number): void {
  const rows = GLYPHS[letter]
  if (rows === undefined) return
  for (let row = 0; row < GLYPH_HEIGHT; row++) {
    for (let dot = 0; dot < 5; dot++) {
      if (((rows[row]! >> (4 - dot)) & 1) === 0) continue
      const area = { x: at.x + dot * scale, y: at.y + row * scale, width: scale, height: scale }
      fill(pattern, area, () => level)
    }
  }
}

/** Each letter a level fainter than the one before, on black, grey and white: how far is it read? */
function drawWords(pattern: TestPattern, unit: number): void {
  const { width, height } = pattern
  const letters = WORDS.replace(' ', '').length
  const wide = 3 * unit
  const scale = Math.max(1, Math.floor((wide - 8) / (WORDS.length * GLYPH_WIDTH)))
  ;[0, BACKGROUND, 255].forEach((level, index) => {
    const tall = Math.floor(0.75 * unit)
    const box = {
      x: Math.floor(width / 2 + (index - 1.5) * wide),
      y: Math.floor(height / 2 + 2.75 * unit),
      width: wide,
    }
    const area = { ...box, height: tall }
    fill(pattern, area, () => level)
    let contrast = letters
    const textWidth = WORDS.length * GLYPH_WIDTH * scale
    ;[...WORDS].forEach((letter, place) => {
      const at = {
        ...area,
        x: area.x + Math.floor((wide - textWidth) / 2) + place * GLYPH_WIDTH * scale,
        y: area.y + Math.floor((tall - GLYPH_HEIGHT * scale) / 2),
      }
      if (letter === ' ') return
      drawLetter(pattern, letter, at, scale, level === 255 ? level - contrast : level + contrast)
      contrast -= 1
    })
  })
}

/** One block of bars, and a whole detail: three rows of two blocks, and the letters below. */
const BLOCK = 24
const CX_LEVELS = [255, 128, 64, 32, 16, 8]
const DETAIL = 4 * BLOCK

/** Bars of one and two pixels, full and faint, and Cx: sharp in the middle and in all corners? */
function drawDetail(pattern: TestPattern, left: number, top: number): void {
  fill(pattern, { x: left - 2, y: top - 2, width: DETAIL + 4, height: DETAIL + 4 }, () => BACKGROUND)
  const kinds: Array<[period: number, levels: [number, number]]> = [
    [1, [0, 255]],
    [2, [0, 255]],
    [1, [128, 134]],
  ]
  kinds.forEach(([period, levels], row) => {
    ;(['vertical', 'horizontal'] as const).forEach((direction, column) => {
      const place = { x: left + 2 * column * BLOCK, y: top + row * BLOCK }
      const bars: Bars = { ...place, width: 2 * BLOCK - 4, height: BLOCK - 4, direction, period, levels }
      pattern.bars.push(bars)
      fill(pattern, bars, (x, y) => levels[Math.floor((direction === 'vertical' ? x : y) / period) % 2]!)
    })
  })
  const letters = { x: left, y: top + 3 * BLOCK, width: DETAIL, height: BLOCK }
  fill(pattern, letters, () => 0)
  CX_LEVELS.forEach((level, index) => {
    const at = { ...letters, x: left + 2 + index * (DETAIL / CX_LEVELS.length), y: letters.y + 8 }
    drawLetter(pattern, 'C', at, 1, level)
    drawLetter(pattern, 'x', { ...at, x: at.x + GLYPH_WIDTH }, 1, level)
  })
}
