import { Enums, type RenderingEngine, type Types } from '@cornerstonejs/core'
import { applyMatrix, invertMatrix, type Matrix, type Size, type View } from '../../shared/viewing/view.ts'
import { describeFrame } from './catalog.ts'
import { imagePlane } from './metadata.ts'
import type { Look, Screen, ScreenFrame } from './screen.ts'

type Vector = [number, number, number]

/** Cornerstone's stack viewport on the graphics card. Where the image lies is ours (shared/viewing/view.ts): its camera follows. */
export class GlScreen implements Screen {
  readonly #engine: RenderingEngine
  readonly #viewport: Types.IStackViewport
  readonly #element: HTMLDivElement
  readonly #id: string
  #imageIds: string[] | undefined
  #drawing = 0
  #rendered: (() => void) | undefined

  constructor(engine: RenderingEngine, id: string, element: HTMLDivElement) {
    this.#engine = engine
    this.#id = id
    this.#element = element
    engine.enableElement({
      viewportId: id,
      element,
      type: Enums.ViewportType.STACK,
      defaultOptions: { background: [0, 0, 0] },
    })
    this.#viewport = engine.getViewport(id) as Types.IStackViewport
    element.addEventListener(Enums.Events.IMAGE_RENDERED, this.#onRendered)
  }

  readonly #onRendered = () => {
    this.#rendered?.()
    this.#rendered = undefined
  }

  get size(): Size {
    const { width, height } = this.#viewport.canvas
    return { width, height }
  }

  async draw({ image, imageIds, attributes }: ScreenFrame, view: View, matrix: Matrix, look: Look): Promise<void> {
    const viewport = this.#viewport
    const drawing = ++this.#drawing
    const place = imageIds.indexOf(image.imageId)
    if (this.#imageIds !== imageIds) {
      this.#imageIds = imageIds
      await viewport.setStack(imageIds, place)
    } else if (viewport.getCurrentImageId() !== image.imageId) {
      await viewport.setImageIdIndex(place)
    }
    if (drawing !== this.#drawing) return
    const { range, inverted, nearest } = look
    const { NEAREST, LINEAR } = Enums.InterpolationType
    const { LINEAR: EVEN, SAMPLED_SIGMOID } = Enums.VOILUTFunctionType
    viewport.setProperties({
      ...(image.color
        ? {}
        : { voiRange: range, VOILUTFunction: attributes.VOILUTFunction === 'SIGMOID' ? SAMPLED_SIGMOID : EVEN }),
      invert: inverted !== image.invert,
      interpolationType: nearest ? NEAREST : LINEAR,
    })
    this.#aim(image, view, matrix)
    const rendered = new Promise<void>(resolve => {
      this.#rendered?.()
      this.#rendered = resolve
    })
    viewport.canvas.style.visibility = ''
    viewport.render()
    await rendered
  }

  /** The camera that shows the image where `matrix` puts it; a mirrored image is looked at from behind. */
  #aim(image: Types.IImage, view: View, matrix: Matrix): void {
    const plane = planeOf(image.imageId)
    const world = ([x, y]: readonly [number, number]): Vector =>
      // Image Position is the first pixel's centre (PS3.3 C.7.6.2.1.1).
      sum(plane.position, scaled(plane.across, x - 0.5), scaled(plane.down, y - 0.5))
    const { width, height } = this.size
    const inverse = invertMatrix(matrix)
    const at = (x: number, y: number) => world(applyMatrix(inverse, [x, y]))
    const focalPoint = at(width / 2, height / 2)
    const right = unit(difference(at(width, height / 2), focalPoint))
    const viewUp = unit(difference(at(width / 2, 0), focalPoint))
    const viewPlaneNormal = cross(right, viewUp)
    const distance = Math.max(1, image.columns * image.columnPixelSpacing)
    const mmPerDevicePixel = Math.hypot(...plane.across) / view.zoom
    this.#viewport.setCamera({
      focalPoint,
      position: sum(focalPoint, scaled(viewPlaneNormal, distance)),
      viewPlaneNormal,
      viewUp,
      parallelScale: (height / 2) * mmPerDevicePixel,
      parallelProjection: true,
    })
  }

  /** What was drawn last is hidden until the next picture: it would stand under another's name. */
  clear(): void {
    this.#drawing++
    this.#imageIds = undefined
    this.#viewport.canvas.style.visibility = 'hidden'
  }

  readPixels(): ImageData | undefined {
    const { canvas } = this.#viewport
    return canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height)
  }

  dispose(): void {
    this.#element.removeEventListener(Enums.Events.IMAGE_RENDERED, this.#onRendered)
    this.#engine.disableElement(this.#id)
  }
}

/** Where Cornerstone puts the image, in mm: the first pixel's centre, and the way to the next column and row. */
function planeOf(imageId: string): { position: Vector; across: Vector; down: Vector } {
  const frame = describeFrame(imageId)
  const plane = frame && imagePlane(frame)
  const [rx = 1, ry = 0, rz = 0, cx = 0, cy = 1, cz = 0] = plane?.imageOrientationPatient ?? []
  const [x = 0, y = 0, z = 0] = plane?.imagePositionPatient ?? []
  return {
    position: [x, y, z],
    across: scaled([rx, ry, rz], plane?.columnPixelSpacing ?? 1),
    down: scaled([cx, cy, cz], plane?.rowPixelSpacing ?? 1),
  }
}

function sum(...vectors: Vector[]): Vector {
  return vectors.reduce((total, [x, y, z]) => [total[0] + x, total[1] + y, total[2] + z])
}

function scaled([x, y, z]: Vector, factor: number): Vector {
  return [x * factor, y * factor, z * factor]
}

function difference(to: Vector, from: Vector): Vector {
  return [to[0] - from[0], to[1] - from[1], to[2] - from[2]]
}

function unit(vector: Vector): Vector {
  const length = Math.hypot(...vector) || 1
  return [vector[0] / length, vector[1] / length, vector[2] / length]
}

function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}
