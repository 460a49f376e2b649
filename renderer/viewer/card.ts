import type { Samples } from '../../shared/viewing/samples.ts'
import type { Matrix, Size } from '../../shared/viewing/view.ts'
import { linkProgram } from './glProgram.ts'
import { coveredBy, type DisplayTable, type Raster } from './paint.ts'

/**
 * `paint` (paint.ts) on the graphics card, the same arithmetic: resampled in stored values, then through the display table. A page
 * has one context for all its panes (browsers give some sixteen), whose picture is copied to the pane's own canvas.
 */
export class Card {
  readonly canvas: HTMLCanvasElement
  readonly renderer: string
  readonly #gl: WebGL2RenderingContext
  /** Pixels of a side. */
  readonly #largestSide: number
  readonly #programs = new Map<SamplerKind, Program>()

  private constructor(canvas: HTMLCanvasElement, gl: WebGL2RenderingContext) {
    this.canvas = canvas
    this.#gl = gl
    const info = gl.getExtension('WEBGL_debug_renderer_info')
    this.renderer = String(gl.getParameter(info?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER))
    this.#largestSide = Number(gl.getParameter(gl.MAX_TEXTURE_SIZE))
  }

  /** Undefined without WebGL 2. */
  static open(canvas = document.createElement('canvas')): Card | undefined {
    const gl = canvas.getContext('webgl2', {
      alpha: false,
      antialias: false,
      depth: false,
      powerPreference: 'high-performance',
    })
    return gl === null ? undefined : new Card(canvas, gl)
  }

  get lost(): boolean {
    return this.#gl.isContextLost()
  }

  /** It is not wanted: its memory is free at once. */
  close(): void {
    this.#gl.getExtension('WEBGL_lose_context')?.loseContext()
  }

  /** Room for one image and one table; refilled with what comes next. Throws where the card cannot hold it. */
  pixels(): PixelTexture {
    return new PixelTexture(this.#gl, this.#largestSide)
  }

  table(): TableTexture {
    return new TableTexture(this.#gl)
  }

  /** Fills `target` with black and what of the image lies in it. Throws where the card fails. */
  paint(
    target: CanvasRenderingContext2D,
    { width, height }: Size,
    pixels: PixelTexture,
    table: TableTexture | undefined,
    { a, b, c, d, e, f }: Matrix,
    nearest: boolean,
  ): void {
    const gl = this.#gl
    const { canvas } = this
    if (canvas.width < width) canvas.width = width
    if (canvas.height < height) canvas.height = height
    const { program, place } = this.#programFor(pixels.kind)
    const turned = a === 0
    const scale: [number, number] = turned ? [b, c] : [a, d]
    const offset: [number, number] = turned ? [f, e] : [e, f]
    const exact = scale.every((part, i) => nearest || (Math.abs(part) === 1 && Number.isInteger(offset[i])))
    gl.viewport(0, canvas.height - height, width, height)
    gl.scissor(0, canvas.height - height, width, height)
    gl.enable(gl.SCISSOR_TEST)
    gl.clearColor(0, 0, 0, 1)
    gl.clear(gl.COLOR_BUFFER_BIT)
    // biome-ignore lint/correctness/useHookAtTopLevel: of WebGL, not of React.
    gl.useProgram(program)
    gl.activeTexture(gl.TEXTURE0)
    gl.bindTexture(gl.TEXTURE_2D, pixels.texture)
    gl.activeTexture(gl.TEXTURE1)
    gl.bindTexture(gl.TEXTURE_2D, table?.texture ?? null)
    gl.uniform1i(place('image'), 0)
    gl.uniform1i(place('words'), 1)
    gl.uniform2i(place('size'), pixels.columns, pixels.rows)
    gl.uniform2f(place('scale'), ...scale)
    gl.uniform2f(place('offset'), ...offset)
    gl.uniform1i(place('turned'), turned ? 1 : 0)
    gl.uniform1i(place('exact'), exact ? 1 : 0)
    gl.uniform1i(place('colours'), table === undefined ? 1 : 0)
    gl.uniform1f(place('below'), canvas.height)
    gl.uniform1f(place('first'), pixels.indexed ? 0 : (table?.first ?? 0))
    gl.uniform1f(place('steps'), pixels.indexed ? 1 : (table?.steps ?? 1))
    gl.uniform1i(place('last'), (table?.count ?? 1) - 1)
    const acrossBy = coveredBy(pixels.columns, scale[0], offset[0], turned ? height : width)
    const downBy = coveredBy(pixels.rows, scale[1], offset[1], turned ? width : height)
    const [x, y] = turned ? [downBy, acrossBy] : [acrossBy, downBy]
    // Rows count from below.
    gl.scissor(x[0], canvas.height - y[1], x[1] - x[0], y[1] - y[0])
    gl.drawArrays(gl.TRIANGLES, 0, 3)
    if (gl.isContextLost()) throw new Error('The graphics card has been taken away.')
    target.drawImage(canvas, 0, 0, width, height, 0, 0, width, height)
  }

  #programFor(kind: SamplerKind): Program {
    const known = this.#programs.get(kind)
    if (known !== undefined) return known
    const gl = this.#gl
    const program = linkProgram(gl, VERTICES, fragments(kind), 'this')
    const places = new Map<string, WebGLUniformLocation | null>()
    const place = (name: string) => {
      if (!places.has(name)) places.set(name, gl.getUniformLocation(program, name))
      return places.get(name) ?? null
    }
    const made = { program, place }
    this.#programs.set(kind, made)
    return made
  }
}

interface Program {
  program: WebGLProgram
  place: (uniform: string) => WebGLUniformLocation | null
}

type SamplerKind = 'isampler2D' | 'usampler2D' | 'sampler2D'

/** Entries a row of the table's texture; every WebGL 2 card holds 2048 rows of it. */
const TABLE_WIDTH = 1024

abstract class Texture {
  protected readonly gl: WebGL2RenderingContext
  readonly texture: WebGLTexture
  /** Of what it has room for. */
  #shape = ''

  constructor(gl: WebGL2RenderingContext) {
    this.gl = gl
    this.texture = gl.createTexture()
  }

  /** Only a new shape takes new memory, which may be refused; asking whether it was waits for the card. */
  protected put(shape: string, fill: (isNew: boolean) => void): void {
    const { gl, texture } = this
    const isNew = shape !== this.#shape
    gl.bindTexture(gl.TEXTURE_2D, texture)
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1)
    if (isNew) {
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST)
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST)
      while (gl.getError() !== gl.NO_ERROR && !gl.isContextLost()) {}
    }
    fill(isNew)
    this.#shape = shape
    if (isNew && gl.getError() !== gl.NO_ERROR) {
      this.#shape = ''
      throw new Error('The graphics card has no room for this image.')
    }
  }

  dispose(): void {
    this.gl.deleteTexture(this.texture)
  }
}

class PixelTexture extends Texture {
  readonly #largestSide: number
  #held: [pixels: Samples, table: DisplayTable | undefined] | undefined
  kind: SamplerKind = 'usampler2D'
  columns = 0
  rows = 0
  /** It holds places in the table instead of values. */
  indexed = false

  constructor(gl: WebGL2RenderingContext, largestSide: number) {
    super(gl)
    this.#largestSide = largestSide
  }

  hold({ pixels, columns, rows, components }: Raster, table: DisplayTable | undefined): void {
    const { gl } = this
    const kind = kindOf(pixels)
    // Singles would lose what 32 bits and doubles have: those are told as places in the table, anew for every window.
    const places = kind === 'sampler2D' ? table : undefined
    if (this.#held?.[0] === pixels && this.#held[1] === places) return
    if (Math.max(columns, rows) > this.#largestSide) {
      throw new Error(`The graphics card holds images of ${this.#largestSide} × ${this.#largestSide} pixels.`)
    }
    const [internal, format, type] = formatOf(gl, pixels, components)
    const data = places ? inTable(pixels, places) : pixels
    this.#held = undefined
    this.put(`${internal} ${columns} ${rows}`, isNew => {
      if (isNew) gl.texImage2D(gl.TEXTURE_2D, 0, internal, columns, rows, 0, format, type, data)
      else gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, columns, rows, format, type, data)
    })
    this.#held = [pixels, places]
    this.kind = kind
    this.columns = columns
    this.rows = rows
    this.indexed = places !== undefined
  }
}

class TableTexture extends Texture {
  #held: DisplayTable | undefined
  count = 0
  first = 0
  steps = 1

  hold(table: DisplayTable): void {
    if (this.#held === table) return
    const { gl } = this
    const { words, first, steps } = table
    const rows = Math.ceil(words.length / TABLE_WIDTH)
    const padded = new Uint32Array(rows * TABLE_WIDTH)
    padded.set(words)
    const bytes = new Uint8Array(padded.buffer)
    const { RGBA, RGBA8, UNSIGNED_BYTE } = gl
    this.put(`${rows}`, isNew => {
      if (isNew) gl.texImage2D(gl.TEXTURE_2D, 0, RGBA8, TABLE_WIDTH, rows, 0, RGBA, UNSIGNED_BYTE, bytes)
      else gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, TABLE_WIDTH, rows, RGBA, UNSIGNED_BYTE, bytes)
    })
    this.#held = table
    this.count = words.length
    this.first = first
    this.steps = steps
  }
}

export type { PixelTexture, TableTexture }

function kindOf(pixels: Samples): SamplerKind {
  if (pixels instanceof Uint8Array || pixels instanceof Uint16Array) return 'usampler2D'
  return pixels instanceof Int8Array || pixels instanceof Int16Array ? 'isampler2D' : 'sampler2D'
}

/** Internal format, format and type of a texture. */
function formatOf(gl: WebGL2RenderingContext, pixels: Samples, components: 1 | 3): [number, number, number] {
  if (components === 3) return [gl.RGB8UI, gl.RGB_INTEGER, gl.UNSIGNED_BYTE]
  if (pixels instanceof Uint8Array) return [gl.R8UI, gl.RED_INTEGER, gl.UNSIGNED_BYTE]
  if (pixels instanceof Int8Array) return [gl.R8I, gl.RED_INTEGER, gl.BYTE]
  if (pixels instanceof Uint16Array) return [gl.R16UI, gl.RED_INTEGER, gl.UNSIGNED_SHORT]
  if (pixels instanceof Int16Array) return [gl.R16I, gl.RED_INTEGER, gl.SHORT]
  return [gl.R32F, gl.RED, gl.FLOAT]
}

function inTable(pixels: Samples, { first, steps }: DisplayTable): Float32Array {
  const places = new Float32Array(pixels.length)
  for (let i = 0; i < places.length; i++) places[i] = (pixels[i]! - first) * steps || 0
  return places
}

/** One triangle that covers everything. */
const VERTICES = `#version 300 es
void main() {
  gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0);
}`

/** `axisOf` and the painters of paint.ts for one device pixel; x and y are the image's axes. */
function fragments(kind: SamplerKind): string {
  return `#version 300 es
precision highp float;
precision highp int;
uniform highp ${kind} image;
uniform highp sampler2D words;
uniform ivec2 size;
uniform vec2 scale;
uniform vec2 offset;
uniform bool turned;
uniform bool exact;
uniform bool colours;
uniform float below;
uniform float first;
uniform float steps;
uniform int last;
out vec4 colour;

struct Axis { int start; int taps; bool area; float lower; float upper; float part; };

Axis axisOf(float at, int samples, float zoom) {
  if (exact) return Axis(clamp(int(floor(at)), 0, samples - 1), 1, false, 0.0, 0.0, 0.0);
  if (zoom >= 1.0) {
    float low = clamp(at - 0.5, 0.0, float(samples - 1));
    int start = min(int(floor(low)), max(0, samples - 2));
    return Axis(start, min(2, samples), false, 0.0, 0.0, low - float(start));
  }
  float lower = max(0.0, at - 0.5 / zoom);
  float upper = min(float(samples), at + 0.5 / zoom);
  int start = int(floor(lower));
  return Axis(start, min(samples, int(ceil(upper))) - start, true, lower, upper, 0.0);
}

float weightOf(Axis axis, int tap) {
  if (!axis.area) return tap == 0 ? 1.0 - axis.part : axis.part;
  float from = float(axis.start + tap);
  return (min(axis.upper, from + 1.0) - max(axis.lower, from)) / (axis.upper - axis.lower);
}

void main() {
  vec2 device = vec2(gl_FragCoord.x, below - gl_FragCoord.y);
  vec2 at = ((turned ? device.yx : device) - offset) / scale;
  Axis across = axisOf(at.x, size.x, abs(scale.x));
  Axis down = axisOf(at.y, size.y, abs(scale.y));
  vec3 sum = vec3(0.0);
  for (int row = 0; row < down.taps; row++) {
    float rowWeight = weightOf(down, row);
    for (int column = 0; column < across.taps; column++) {
      vec3 value = vec3(texelFetch(image, ivec2(across.start + column, down.start + row), 0).rgb);
      sum += (value - first) * rowWeight * weightOf(across, column);
    }
  }
  if (colours) {
    colour = vec4(floor(sum + 0.5) / 255.0, 1.0);
    return;
  }
  int place = clamp(int(floor(clamp(sum.r * steps, -1.0, float(last) + 1.0) + 0.5)), 0, last);
  colour = vec4(texelFetch(words, ivec2(place % ${TABLE_WIDTH}, place / ${TABLE_WIDTH}), 0).rgb, 1.0);
}`
}
