import { envelope, millivolts, type WaveformGroup } from '../../../shared/viewing/documents/waveform.ts'
import { roundLength } from '../../../shared/viewing/geometry.ts'

/** How a waveform lies on the screen. */
export interface Scale {
  /** mm/s */
  speed: number
  /** mm/mV; what is no voltage is as much larger or smaller than at 10. */
  gain: number
  /** CSS pixels of a mm. */
  pixels: number
}

interface Row {
  name: string
  values: Float32Array
  unit: string
  /** CSS pixels of one unit. */
  tall: number
  /** The value in the middle of the row. */
  middle: number
  /** What the mark at its beginning stands for, in the unit. */
  pulse: number
}

export interface LaidOut {
  rows: Row[]
  /** CSS pixels. */
  rowHeight: number
  /** From the left edge to the first sample. */
  gutter: number
  width: number
  height: number
  pixelsPerSecond: number
  pixels: number
  frequency: number
}

/** From point to point, CSS pixels from the drawing's top left. */
export interface Caliper {
  from: [number, number]
  to: [number, number]
}

const ROW_MM = 26
const GUTTER_MM = 14
/** A canvas of more than this is refused or slow; long groups of channels get lower rows. */
const MOST_HEIGHT = 4000
const MOST_WIDTH = 16_000_000

/** The value half of the samples lie below; of at most some thousands. */
function medianOf(values: Float32Array): number {
  const step = Math.max(1, Math.floor(values.length / 4096))
  const picked: number[] = []
  for (let i = 0; i < values.length; i += step) if (!Number.isNaN(values[i])) picked.push(values[i]!)
  picked.sort((a, b) => a - b)
  return picked[picked.length >> 1] ?? 0
}

function rangeOf(values: Float32Array): { low: number; high: number } {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const value of values) {
    if (value < low) low = value
    if (value > high) high = value
  }
  return low <= high ? { low, high } : { low: 0, high: 1 }
}

export function layOut(group: WaveformGroup, values: Float32Array[], { speed, gain, pixels }: Scale): LaidOut {
  const rowHeight = Math.min(ROW_MM * pixels, MOST_HEIGHT / group.channels.length)
  const rows = group.channels.map(({ name, unit }, channel): Row => {
    const own = values[channel] ?? new Float32Array()
    const mV = millivolts(unit)
    if (mV !== undefined) {
      return { name, values: own, unit, tall: mV * gain * pixels, middle: medianOf(own), pulse: 1 / mV }
    }
    const { low, high } = rangeOf(own)
    // A round number of units to 10 mm, so that all of it is in the row.
    const per10 = roundLength(Math.max((high - low) / 2, 1e-9) * 2)
    return { name, values: own, unit, tall: (gain * pixels) / per10, middle: (low + high) / 2, pulse: per10 }
  })
  const pixelsPerSecond = speed * pixels
  const gutter = GUTTER_MM * pixels
  return {
    rows,
    rowHeight,
    gutter,
    width: Math.min(MOST_WIDTH, Math.ceil(gutter + (group.samples / group.frequency) * pixelsPerSecond)),
    height: Math.ceil(rowHeight * rows.length),
    pixelsPerSecond,
    pixels,
    frequency: group.frequency,
  }
}

const FINE = '#1f1f1f'
const COARSE = '#383838'
const TRACE = '#e6e6e6'
const QUIET = '#9a9a9a'
const MEASURE = '#fde047'

/** Draws what lies from `from` on, `width` CSS pixels of it, into a canvas that it makes as large. */
export function drawWaveform(
  canvas: HTMLCanvasElement,
  laidOut: LaidOut,
  { width, from, caliper }: { width: number; from: number; caliper: Caliper | undefined },
): void {
  const { rows, rowHeight, gutter, height, pixelsPerSecond, frequency } = laidOut
  const ratio = devicePixelRatio
  canvas.width = Math.max(1, Math.round(width * ratio))
  canvas.height = Math.max(1, Math.round(height * ratio))
  canvas.style.width = `${width}px`
  canvas.style.height = `${height}px`
  const context = canvas.getContext('2d')
  if (context === null) return
  context.scale(ratio, ratio)
  drawGrid(context, laidOut, width, from)
  const first = Math.max(0, Math.floor(((from - gutter) / pixelsPerSecond) * frequency))
  const last = Math.ceil(((from + width - gutter) / pixelsPerSecond) * frequency) + 1
  const perPixel = frequency / pixelsPerSecond
  rows.forEach((row, index) => {
    const base = (index + 0.5) * rowHeight
    const yOf = (value: number) => base - (value - row.middle) * row.tall
    const xOf = (sample: number) => gutter + (sample / frequency) * pixelsPerSecond - from
    context.save()
    context.beginPath()
    // Paper lets a tall beat reach into the row above; its own half row is enough to keep them apart.
    context.rect(0, base - rowHeight, width, rowHeight * 2)
    context.clip()
    context.beginPath()
    context.strokeStyle = TRACE
    context.lineWidth = 1.1
    context.lineJoin = 'round'
    if (perPixel > 2) traceEnvelope(context, row, { first, perPixel, x: xOf(first), width }, yOf)
    else tracePoints(context, row.values, first, last, xOf, yOf)
    context.stroke()
    context.restore()
    drawPulse(context, row, base, from, laidOut)
    context.fillStyle = TRACE
    context.font = '600 12px "Inter Variable", sans-serif'
    context.fillText(row.name, 4, base - rowHeight / 2 + 14)
  })
  if (caliper !== undefined) drawCaliper(context, caliper, from)
}

function tracePoints(
  context: CanvasRenderingContext2D,
  values: Float32Array,
  first: number,
  last: number,
  xOf: (sample: number) => number,
  yOf: (value: number) => number,
): void {
  let broken = true
  for (let i = first; i < Math.min(last, values.length); i++) {
    const value = values[i]!
    if (Number.isNaN(value)) {
      broken = true
      continue
    }
    if (broken) context.moveTo(xOf(i), yOf(value))
    else context.lineTo(xOf(i), yOf(value))
    broken = false
  }
}

function traceEnvelope(
  context: CanvasRenderingContext2D,
  row: Row,
  { first, perPixel, x, width }: { first: number; perPixel: number; x: number; width: number },
  yOf: (value: number) => number,
): void {
  const columns = Math.ceil(width - x) + 1
  if (columns <= 0) return
  const { low, high } = envelope(row.values, first, perPixel, columns)
  let broken = true
  for (let column = 0; column < columns; column++) {
    if (Number.isNaN(low[column])) {
      broken = true
      continue
    }
    if (broken) context.moveTo(x + column, yOf(high[column]!))
    else context.lineTo(x + column, yOf(high[column]!))
    context.lineTo(x + column, yOf(low[column]!))
    broken = false
  }
}

/** Lines of 1 mm and of 5 mm, as on the paper. */
function drawGrid(context: CanvasRenderingContext2D, { pixels, height, gutter }: LaidOut, width: number, from: number) {
  context.fillStyle = '#000'
  context.fillRect(0, 0, width, height)
  context.lineWidth = 1
  for (const step of pixels >= 2.5 ? [1, 5] : [5]) {
    context.strokeStyle = step === 1 ? FINE : COARSE
    context.beginPath()
    const start = (((gutter - from) % (step * pixels)) + step * pixels) % (step * pixels)
    for (let x = start; x < width; x += step * pixels) {
      context.moveTo(Math.round(x) + 0.5, 0)
      context.lineTo(Math.round(x) + 0.5, height)
    }
    for (let y = 0; y < height; y += step * pixels) {
      context.moveTo(0, Math.round(y) + 0.5)
      context.lineTo(width, Math.round(y) + 0.5)
    }
    context.stroke()
  }
}

/** The mark that says how tall a millivolt is (or a round number of another unit); it scrolls away with the beginning. */
function drawPulse(
  context: CanvasRenderingContext2D,
  { pulse, tall, unit }: Row,
  base: number,
  from: number,
  { gutter, pixels }: LaidOut,
): void {
  const x = gutter - 8 * pixels - from
  if (x < -gutter) return
  const height = pulse * tall
  context.strokeStyle = QUIET
  context.lineWidth = 1
  context.beginPath()
  context.moveTo(x, base)
  context.lineTo(x + pixels, base)
  context.lineTo(x + pixels, base - height)
  context.lineTo(x + 6 * pixels, base - height)
  context.lineTo(x + 6 * pixels, base)
  context.lineTo(x + 7 * pixels, base)
  context.stroke()
  context.fillStyle = QUIET
  context.font = '10px "Inter Variable", sans-serif'
  context.fillText(unit === 'µV' ? '1 mV' : [pulse, unit].join(' ').trim(), x, base + 12)
}

function drawCaliper(context: CanvasRenderingContext2D, { from: a, to: b }: Caliper, from: number): void {
  const [left, right] = [Math.min(a[0], b[0]) - from, Math.max(a[0], b[0]) - from]
  const [top, bottom] = [Math.min(a[1], b[1]), Math.max(a[1], b[1])]
  context.strokeStyle = MEASURE
  context.lineWidth = 1
  context.strokeRect(left + 0.5, top + 0.5, right - left, bottom - top)
}

/** What a caliper spans: time, the rate it would be, and the height in the unit of the row it began in. */
export function caliperWords(laidOut: LaidOut, { from, to }: Caliper): string {
  const { rows, rowHeight, pixelsPerSecond } = laidOut
  const seconds = Math.abs(to[0] - from[0]) / pixelsPerSecond
  const row = rows[Math.min(rows.length - 1, Math.max(0, Math.floor(from[1] / rowHeight)))]
  const tall = row === undefined ? 0 : Math.abs(to[1] - from[1]) / row.tall
  const rate = seconds > 0.15 ? `${Math.round(60 / seconds)}/min` : ''
  const mV = row && millivolts(row.unit)
  const height = mV === undefined ? `${tall.toPrecision(3)} ${row?.unit ?? ''}`.trim() : `${(tall * mV).toFixed(2)} mV`
  return [`${Math.round(seconds * 1000)} ms`, rate, height].filter(Boolean).join(' · ')
}
