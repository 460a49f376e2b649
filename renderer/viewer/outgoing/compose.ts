import type { StudySummary } from '../../../shared/contract.ts'
import { t } from '../../i18n/index.ts'
import { shownName } from '../../ui/index.ts'

/** What of a pane goes into a picture of it. */
export interface PictureParts {
  /** The words in the corners and at the edges, lines, scale. */
  overlays: boolean
  /** Whose picture it is; without it, the corner that says so stays out. */
  identity: boolean
}

/** Of the workstation, not of the picture. */
const NEVER = '.stack-bar, .pane-message, .magnifier, .stranger, .pointer-value, button, .document-tile'
const IDENTITY = '.corner.top.left, .corner.top.right > div:not(.view-position):not(.synthetic)'
const WORDS = '.overlays, .scale-bar, svg.space'
/** What a browser computes for a shape and a drawing of its own would not have. */
const SHAPE_STYLES = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'stroke-opacity',
  'stroke-linecap',
  'stroke-linejoin',
  'opacity',
  'font-family',
  'font-size',
  'font-weight',
  'text-anchor',
  'dominant-baseline',
  'paint-order',
  'visibility',
  'display',
] as const

/**
 * A pane as it is seen, in the device pixels it is seen in: its pictures, the drawings over them, and the words. Waits for drawings to
 * be decoded; the picture is of one moment all the same, for everything is read before anything is waited for.
 */
export async function composePane(element: HTMLElement, parts: PictureParts): Promise<HTMLCanvasElement> {
  const around = element.getBoundingClientRect()
  const scale = window.devicePixelRatio
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(around.width * scale)
  canvas.height = Math.round(around.height * scale)
  const context = canvas.getContext('2d')
  if (context === null) throw new Error(t('This browser has no canvas.'))
  context.fillStyle = '#000'
  context.fillRect(0, 0, canvas.width, canvas.height)
  const steps: Array<() => void | Promise<void>> = []
  collect(element, parts, around, scale, context, steps)
  for (const step of steps) await step()
  // Sample data must not be taken for a patient, whatever else is left out.
  if (!parts.overlays && element.querySelector('.synthetic') !== null) stamp(context, 'SYNTHETIC', canvas.width, scale)
  return canvas
}

function stamp(context: CanvasRenderingContext2D, words: string, width: number, scale: number): void {
  context.font = `600 ${12 * scale}px Inter, sans-serif`
  context.textAlign = 'right'
  context.fillStyle = '#f5b544'
  context.fillText(words, width - 8 * scale, 18 * scale)
  context.textAlign = 'left'
}

function collect(
  element: Element,
  parts: PictureParts,
  around: DOMRect,
  scale: number,
  context: CanvasRenderingContext2D,
  steps: Array<() => void | Promise<void>>,
): void {
  if (element.matches(NEVER)) return
  if (!parts.overlays && element.matches(WORDS)) return
  if (!parts.identity && element.matches(IDENTITY)) return
  const style = getComputedStyle(element)
  if (style.display === 'none' || style.visibility === 'hidden' || style.opacity === '0') return
  const box = element.getBoundingClientRect()
  const at = [
    (box.left - around.left) * scale,
    (box.top - around.top) * scale,
    box.width * scale,
    box.height * scale,
  ] as const
  if (element instanceof HTMLCanvasElement) {
    if (box.width === 0 || element.width === 0) return
    const copy = copyOf(element)
    const opacity = Number(style.opacity)
    const [x, y, width, height] = at
    const { transform, imageRendering } = style
    if (transform !== 'none') {
      const { offsetWidth, offsetHeight } = element
      const place = placeOf(new DOMMatrix(transform), offsetWidth, offsetHeight, [x, y], scale)
      steps.push(() => {
        context.save()
        context.globalAlpha = opacity
        context.setTransform(place)
        context.imageSmoothingEnabled = imageRendering !== 'pixelated'
        context.drawImage(copy, 0, 0, offsetWidth, offsetHeight)
        context.restore()
      })
      return
    }
    steps.push(() => {
      context.globalAlpha = opacity
      // To the pixel, where a pane has as many as its canvas.
      if (Math.abs(width - copy.width) < 1 && Math.abs(height - copy.height) < 1)
        context.drawImage(copy, Math.round(x), Math.round(y))
      else context.drawImage(copy, x, y, width, height)
      context.globalAlpha = 1
    })
    return
  }
  if (element instanceof SVGSVGElement) {
    const address = drawingOf(element, box)
    const [x, y, width, height] = at
    if (width > 0 && height > 0) steps.push(async () => context.drawImage(await decoded(address), x, y, width, height))
    return
  }
  if (element.matches('.scale-bar')) steps.push(barOf(style, at, scale, context))
  const cut = element.matches('.compared') ? cutOf(style, at) : undefined
  if (cut !== undefined)
    steps.push(() => {
      context.save()
      context.clip(cut)
      context.fillStyle = '#000'
      context.fill(cut)
    })
  for (const child of element.childNodes) {
    if (child instanceof Element) collect(child, parts, around, scale, context, steps)
    else if (child instanceof Text && child.data.trim() !== '')
      steps.push(wordsOf(child, style, around, scale, context))
  }
  if (cut !== undefined) steps.push(() => context.restore())
}

/** What of a second series is seen over the first: right of the divider, or all of it. */
function cutOf(
  { clipPath }: CSSStyleDeclaration,
  [x, y, width, height]: readonly [number, number, number, number],
): Path2D {
  const [, percent = '0'] = /([\d.]+)%\)$/.exec(clipPath) ?? []
  const hidden = (width * Number(percent)) / 100
  const cut = new Path2D()
  cut.rect(x + hidden, y, width - hidden, height)
  return cut
}

/** The scale's line and its two ends, which are borders on the page. */
function barOf(
  style: CSSStyleDeclaration,
  [x, y, width, height]: readonly [number, number, number, number],
  scale: number,
  context: CanvasRenderingContext2D,
): () => void {
  const { borderBottomColor } = style
  return () => {
    // On the middle of a pixel, or a line of one is two of half its grey.
    const [left, top, right, bottom] = [x, y, x + width, y + height].map(edge => Math.floor(edge) + 0.5)
    const line = new Path2D(`M${left} ${top}V${bottom}H${right}V${top}`)
    for (const [colour, thick] of [
      ['#000', 3],
      [borderBottomColor, 1],
    ] as const) {
      context.strokeStyle = colour
      context.lineWidth = thick * scale
      context.stroke(line)
    }
  }
}

/** Of a layer that is turned and mirrored with its picture: its own CSS pixels to the picture's, where its box begins at `x`, `y`. */
function placeOf(
  { a, b, c, d }: DOMMatrix,
  width: number,
  height: number,
  [x, y]: [number, number],
  scale: number,
): DOMMatrix {
  const left = (Math.min(0, a * width) + Math.min(0, c * height)) * scale
  const top = (Math.min(0, b * width) + Math.min(0, d * height)) * scale
  return new DOMMatrix([a * scale, b * scale, c * scale, d * scale, x - left, y - top])
}

/** At once: a canvas of the card holds its picture until the next is drawn. */
function copyOf(canvas: HTMLCanvasElement): HTMLCanvasElement {
  const copy = document.createElement('canvas')
  copy.width = canvas.width
  copy.height = canvas.height
  copy.getContext('2d')?.drawImage(canvas, 0, 0)
  return copy
}

/** The drawing as a file of its own, with the styles that the page's sheets give it. */
function drawingOf(svg: SVGSVGElement, box: DOMRect): string {
  const copy = svg.cloneNode(true) as SVGSVGElement
  const own = [svg, ...svg.querySelectorAll('*')]
  const copies = [copy, ...copy.querySelectorAll('*')]
  for (const [index, element] of own.entries()) {
    const style = getComputedStyle(element)
    const target = copies[index]
    for (const name of SHAPE_STYLES) target?.setAttribute(name, style.getPropertyValue(name))
    target?.removeAttribute('style')
  }
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  copy.setAttribute('width', String(box.width * window.devicePixelRatio))
  copy.setAttribute('height', String(box.height * window.devicePixelRatio))
  if (!copy.hasAttribute('viewBox')) copy.setAttribute('viewBox', `0 0 ${box.width} ${box.height}`)
  return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`
}

async function decoded(address: string): Promise<HTMLImageElement> {
  const image = new Image()
  image.src = address
  await image.decode()
  return image
}

/** Each line of a text where the browser has put it, with the outline that keeps it readable on any grey. */
function wordsOf(
  text: Text,
  style: CSSStyleDeclaration,
  around: DOMRect,
  scale: number,
  context: CanvasRenderingContext2D,
): () => void {
  const lines: Array<{ words: string; left: number; top: number; height: number }> = []
  const range = document.createRange()
  for (let start = 0; start < text.length; start++) {
    range.setStart(text, start)
    range.setEnd(text, start + 1)
    const [box] = range.getClientRects()
    if (box === undefined) continue
    const last = lines.at(-1)
    if (last !== undefined && Math.abs(last.top - box.top) < 2) {
      last.words += text.data[start]
      last.left = Math.min(last.left, box.left)
    } else lines.push({ words: text.data[start] ?? '', left: box.left, top: box.top, height: box.height })
  }
  const { fontStyle, fontWeight, fontSize, fontFamily, color } = style
  return () => {
    context.font = `${fontStyle} ${fontWeight} ${Number.parseFloat(fontSize) * scale}px ${fontFamily}`
    context.textBaseline = 'middle'
    context.lineJoin = 'round'
    context.lineWidth = 2 * scale
    context.strokeStyle = '#000'
    context.fillStyle = color
    for (const { words, left, top, height } of lines) {
      const x = (left - around.left) * scale
      const y = (top - around.top + height / 2) * scale
      context.strokeText(words, x, y)
      context.fillText(words, x, y)
    }
  }
}

/** Several panes as they hang beside each other. */
export async function composeGrid(elements: HTMLElement[], parts: PictureParts): Promise<HTMLCanvasElement> {
  const boxes = elements.map(element => element.getBoundingClientRect())
  const left = Math.min(...boxes.map(box => box.left))
  const top = Math.min(...boxes.map(box => box.top))
  const scale = window.devicePixelRatio
  const canvas = document.createElement('canvas')
  canvas.width = Math.round((Math.max(...boxes.map(box => box.right)) - left) * scale)
  canvas.height = Math.round((Math.max(...boxes.map(box => box.bottom)) - top) * scale)
  const context = canvas.getContext('2d')
  if (context === null) throw new Error(t('This browser has no canvas.'))
  context.fillStyle = '#000'
  context.fillRect(0, 0, canvas.width, canvas.height)
  for (const [index, element] of elements.entries()) {
    const picture = await composePane(element, parts)
    const box = boxes[index]!
    context.drawImage(picture, Math.round((box.left - left) * scale), Math.round((box.top - top) * scale))
  }
  return canvas
}

/** What stands over a sheet or beside a picture: whose it is, in one line. */
export function identityLine(study: StudySummary): string {
  return [shownName(study.PatientName, study.lang), study.PatientID, study.PatientSex].filter(Boolean).join(' · ')
}
