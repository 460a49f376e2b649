import { type Mesh, meshBounds } from '../../../shared/viewing/documents/stl.ts'

const bounds = new WeakMap<Mesh, ReturnType<typeof meshBounds>>()
const LARGEST = 1600

/**
 * The surface seen from the front, turned (radians), lit from the reader's side: by z-buffer, a triangle at a time, without a
 * graphics card. `zoom` 1 shows all of it.
 */
export function drawMesh(
  canvas: HTMLCanvasElement,
  mesh: Mesh,
  { around, over, zoom }: { around: number; over: number; zoom: number },
): void {
  const { clientWidth, clientHeight } = canvas
  const width = Math.max(1, Math.min(LARGEST, Math.round(clientWidth * devicePixelRatio)))
  const height = Math.max(1, Math.round((width * clientHeight) / Math.max(1, clientWidth)))
  canvas.width = width
  canvas.height = height
  const context = canvas.getContext('2d')
  if (context === null) return
  const known = bounds.get(mesh) ?? meshBounds(mesh)
  bounds.set(mesh, known)
  const scale = (Math.min(width, height) / 2 / known.radius) * zoom
  const image = context.createImageData(width, height)
  const words = new Uint32Array(image.data.buffer).fill(0xff000000)
  const depth = new Float32Array(width * height).fill(Number.NEGATIVE_INFINITY)
  const { corners } = mesh
  const [cosA, sinA, cosO, sinO] = [Math.cos(around), Math.sin(around), Math.cos(over), Math.sin(over)]
  const [mx, my, mz] = known.middle
  const at = new Float64Array(9)
  for (let i = 0; i < corners.length; i += 9) {
    for (let corner = 0; corner < 9; corner += 3) {
      const x = corners[i + corner]! - mx
      const y = corners[i + corner + 1]! - my
      const z = corners[i + corner + 2]! - mz
      // Patient axes: z is up on the screen, y goes away from the reader.
      const across = x * cosA + y * sinA
      const away = -x * sinA + y * cosA
      at[corner] = width / 2 + across * scale
      at[corner + 1] = height / 2 - (z * cosO - away * sinO) * scale
      at[corner + 2] = -(away * cosO + z * sinO)
    }
    fill(at, words, depth, width, height, scale)
  }
  context.putImageData(image, 0, 0)
}

function fill(
  [x0, y0, z0, x1, y1, z1, x2, y2, z2]: Float64Array,
  words: Uint32Array,
  depth: Float32Array,
  width: number,
  height: number,
  scale: number,
): void {
  const area = (x1! - x0!) * (y2! - y0!) - (x2! - x0!) * (y1! - y0!)
  if (area === 0) return
  const left = Math.max(0, Math.floor(Math.min(x0!, x1!, x2!)))
  const right = Math.min(width - 1, Math.ceil(Math.max(x0!, x1!, x2!)))
  const top = Math.max(0, Math.floor(Math.min(y0!, y1!, y2!)))
  const bottom = Math.min(height - 1, Math.ceil(Math.max(y0!, y1!, y2!)))
  // How much it faces the reader: its area on the screen by its own.
  const [ax, ay, az] = [x1! - x0!, y1! - y0!, (z1! - z0!) * scale]
  const [bx, by, bz] = [x2! - x0!, y2! - y0!, (z2! - z0!) * scale]
  const facing = Math.abs(area) / Math.hypot(ay * bz - az * by, az * bx - ax * bz, area)
  const grey = Math.round(40 + 190 * facing)
  const word = 0xff000000 | (grey * 0x010101)
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const [px, py] = [x + 0.5, y + 0.5]
      const a = ((x1! - px) * (y2! - py) - (x2! - px) * (y1! - py)) / area
      const b = ((x2! - px) * (y0! - py) - (x0! - px) * (y2! - py)) / area
      const c = 1 - a - b
      if (a < 0 || b < 0 || c < 0) continue
      const z = a * z0! + b * z1! + c * z2!
      const index = y * width + x
      if (z <= depth[index]!) continue
      depth[index] = z
      words[index] = word
    }
  }
}
