import { cross } from '../../../shared/viewing/geometry.ts'
import { BLOCK, blocksOf } from '../../../shared/viewing/volume/blocks.ts'
import type { Volume, VolumeGrid } from '../../../shared/viewing/volume/grid.ts'
import {
  halvedVolume,
  LIGHT,
  type RayJob,
  type RayMode,
  raysOf,
  transferAt,
  UNSEEN,
  visibleBlocks,
} from '../../../shared/viewing/volume/rays.ts'
import { linkProgram } from '../glProgram.ts'

/** What of a graphics card's memory one volume takes at most: a card of 2 GB has the screens' pictures beside it. */
const MOST_BYTES = 768 * 2 ** 20
/** Bytes of voxels handed over at once. */
const CHUNK_BYTES = 16 * 2 ** 20
/** Entries a row of the table. */
const TABLE_WIDTH = 1024

/** How a card holds voxels, and what makes stored values of what it gives back. */
interface Held {
  internal: number
  format: number
  type: number
  /** `texture()` blends between voxels by itself; else the shader does, of eight. */
  blends: boolean
  sampler: 'sampler3D' | 'isampler3D' | 'usampler3D'
  scale: number
  bytes: number
}

/** How many times a volume is halved each way until a card holds it. Throws where it holds nothing: it is lost already. */
export function halvingsFor(
  { grid, values }: { grid: Pick<VolumeGrid, 'size'>; values: Volume['values'] },
  most: { side: number; bytes: number },
): number {
  let halvings = 0
  for (;;) {
    const size = grid.size.map(count => Math.max(1, count >> halvings))
    const bytes = size.reduce((product, count) => product * count, halvings === 0 ? values.BYTES_PER_ELEMENT : 4)
    if (Math.max(...size) <= most.side && bytes <= most.bytes) return halvings
    if (Math.max(...size) === 1) throw new Error('The graphics card holds no volume.')
    halvings++
  }
}

/**
 * `castRays` (shared/viewing/volume/rays.ts) on the graphics card, the same arithmetic in singles: the volume as a 3D texture, what
 * lies in its blocks as another, the table of colours as a third. Whatever the card fails at throws; then the processor draws.
 */
export class RayCard {
  readonly #gl: WebGL2RenderingContext
  readonly #volume: Volume
  readonly #held: Held
  readonly #voxels: WebGLTexture
  readonly #blocks: WebGLTexture
  readonly #table: WebGLTexture
  readonly #target: WebGLTexture
  readonly #programs = new Map<RayMode['kind'], Program>()
  #targetSize = ''
  #mode: RayMode | undefined
  /** How many times the volume was halved each way: the card holds no more. */
  readonly halvings: number

  private constructor(gl: WebGL2RenderingContext, whole: Volume) {
    this.#gl = gl
    const side = Math.min(Number(gl.getParameter(gl.MAX_3D_TEXTURE_SIZE)), Number(gl.getParameter(gl.MAX_TEXTURE_SIZE)))
    this.halvings = halvingsFor(whole, { side, bytes: MOST_BYTES })
    let volume = whole
    for (let n = 0; n < this.halvings; n++) volume = halvedVolume(volume)
    this.#volume = volume
    this.#held = heldAs(gl, volume)
    this.#voxels = gl.createTexture()
    this.#blocks = gl.createTexture()
    this.#table = gl.createTexture()
    this.#target = gl.createTexture()
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1)
    gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer())
  }

  /** Undefined without WebGL 2. Throws where the card does not take the volume. */
  static async open(volume: Volume): Promise<RayCard | undefined> {
    const gl = new OffscreenCanvas(1, 1).getContext('webgl2', {
      antialias: false,
      depth: false,
      powerPreference: 'high-performance',
    })
    if (gl === null) return undefined
    const card = new RayCard(gl, volume)
    try {
      await card.#fill()
      return card
    } catch (thrown) {
      card.close()
      throw thrown
    }
  }

  /** The volume as the card has it. */
  get volume(): Volume {
    return this.#volume
  }

  async #fill(): Promise<void> {
    const gl = this.#gl
    const { internal, format, type, blends, bytes } = this.#held
    const { grid, values } = this.#volume
    const [columns, rows, slices] = grid.size
    bind3d(gl, this.#voxels, blends ? gl.LINEAR : gl.NEAREST)
    gl.texStorage3D(gl.TEXTURE_3D, 1, internal, columns, rows, slices)
    this.#check('has no room for the volume')
    const slice = columns * rows
    const some = Math.max(1, Math.floor(CHUNK_BYTES / (slice * bytes)))
    for (let k = 0; k < slices; k += some) {
      const count = Math.min(some, slices - k)
      const part = values.subarray(k * slice, (k + count) * slice)
      gl.bindTexture(gl.TEXTURE_3D, this.#voxels)
      gl.texSubImage3D(gl.TEXTURE_3D, 0, 0, 0, k, columns, rows, count, format, type, part)
      // What the page has said meanwhile is heard.
      await new Promise(resolve => setTimeout(resolve))
    }
    this.#check('does not take the voxels')
  }

  /** Asking waits for the card. */
  #check(what: string): void {
    const gl = this.#gl
    const error = gl.getError()
    if (error !== gl.NO_ERROR || gl.isContextLost()) throw new Error(`The graphics card ${what} (${error}).`)
  }

  /** RGBA of the rows of a job, as `castRays` gives it. Throws where the card fails. */
  draw(job: RayJob): Uint8ClampedArray<ArrayBuffer> {
    const gl = this.#gl
    const { crop, mode, width, height, first, end } = job
    this.#take(mode, job.step)
    const { program, place } = this.#programFor(mode.kind)
    this.#aim(width, height)
    // biome-ignore lint/correctness/useHookAtTopLevel: of WebGL, not of React.
    gl.useProgram(program)
    const textures = [
      ['voxels', gl.TEXTURE_3D, this.#voxels],
      ['blocks', gl.TEXTURE_3D, this.#blocks],
      ['table', gl.TEXTURE_2D, this.#table],
    ] as const
    for (const [unit, [name, kind, texture]] of textures.entries()) {
      gl.activeTexture(gl.TEXTURE0 + unit)
      gl.bindTexture(kind, texture)
      gl.uniform1i(place(name), unit)
    }
    const { grid } = this.#volume
    const { origin, right, down, ray } = raysOf(grid, job)
    gl.uniform3i(place('size'), ...grid.size)
    gl.uniform3f(place('origin'), ...origin)
    gl.uniform3f(place('right'), ...right)
    gl.uniform3f(place('down'), ...down)
    gl.uniform3f(place('ray'), ...ray)
    gl.uniform3f(place('low'), ...crop.from)
    gl.uniform3f(place('high'), ...crop.to)
    gl.uniform2f(place('middle'), width / 2, height / 2)
    gl.uniform1f(place('scale'), this.#held.scale)
    if (mode.kind === 'mip') this.#sayMip(mode, place)
    else this.#sayShaded(mode, job, place)
    gl.viewport(0, 0, width, height)
    gl.enable(gl.SCISSOR_TEST)
    gl.scissor(0, first, width, end - first)
    gl.drawArrays(gl.TRIANGLES, 0, 3)
    const bytes = new Uint8Array(4 * width * (end - first))
    gl.readPixels(0, first, width, end - first, gl.RGBA, gl.UNSIGNED_BYTE, bytes)
    this.#check('failed')
    return new Uint8ClampedArray(bytes.buffer)
  }

  #sayMip(mode: Extract<RayMode, { kind: 'mip' }>, place: Program['place']): void {
    const gl = this.#gl
    const { slope, intercept } = this.#volume
    const span = mode.upper - mode.lower
    const sign = slope < 0 ? -1 : 1
    gl.uniform1f(place('sign'), sign)
    gl.uniform1f(place('perStored'), (sign * slope) / span)
    gl.uniform1f(place('atZero'), (intercept - mode.lower) / span)
  }

  #sayShaded({ transfer }: Extract<RayMode, { kind: 'shaded' }>, job: RayJob, place: Program['place']): void {
    const gl = this.#gl
    const { grid } = this.#volume
    const { perStored, atZero, entries } = transferAt(transfer, this.#volume, job.step)
    const lengths = grid.steps.map(one => Math.hypot(...one))
    gl.uniform1f(place('perStored'), perStored)
    gl.uniform1f(place('atZero'), atZero)
    gl.uniform1i(place('entries'), entries)
    gl.uniform3f(place('toLight'), ...cross(job.camera.down, job.camera.right))
    // A voxel's difference along each axis in millimetres of the patient.
    const axes = grid.steps.flatMap((step, axis) => step.map(part => part / lengths[axis]! ** 2))
    gl.uniformMatrix3fv(place('axes'), false, axes)
  }

  /** What a mode looks like, and which blocks it sees something in. */
  #take(mode: RayMode, step: number): void {
    // Made anew by whoever asks, for each picture: rows of one picture share it.
    if (mode === this.#mode) return
    const gl = this.#gl
    const blocks = blocksOf(this.#volume)
    const shaded = mode.kind === 'shaded' ? transferAt(mode.transfer, this.#volume, step) : undefined
    const seen =
      shaded === undefined
        ? this.#volume.slope < 0
          ? blocks.least
          : blocks.most
        : Float32Array.from(visibleBlocks(blocks, shaded.perStep, stored => stored * shaded.perStored + shaded.atZero))
    bind3d(gl, this.#blocks, gl.NEAREST)
    gl.texImage3D(gl.TEXTURE_3D, 0, gl.R32F, ...blocks.size, 0, gl.RED, gl.FLOAT, seen)
    const { colours } = mode.kind === 'mip' ? mode : mode.transfer
    const table = new Float32Array(4 * TABLE_WIDTH)
    for (let entry = 0; 3 * entry < colours.length; entry++) {
      table.set(colours.subarray(3 * entry, 3 * entry + 3), 4 * entry)
      table[4 * entry + 3] = shaded?.perStep[entry] ?? 0
    }
    gl.bindTexture(gl.TEXTURE_2D, this.#table)
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST)
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST)
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA32F, TABLE_WIDTH, 1, 0, gl.RGBA, gl.FLOAT, table)
    this.#mode = mode
  }

  #aim(width: number, height: number): void {
    const gl = this.#gl
    const size = `${width} ${height}`
    if (size === this.#targetSize) return
    gl.bindTexture(gl.TEXTURE_2D, this.#target)
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, width, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, null)
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, this.#target, 0)
    this.#targetSize = size
  }

  #programFor(kind: RayMode['kind']): Program {
    const known = this.#programs.get(kind)
    if (known !== undefined) return known
    const gl = this.#gl
    const program = linkProgram(gl, VERTICES, fragments(kind, this.#held), 'volumes')
    const made: Program = { program, place: name => gl.getUniformLocation(program, name) }
    this.#programs.set(kind, made)
    return made
  }

  /** Its memory is free at once. */
  close(): void {
    this.#gl.getExtension('WEBGL_lose_context')?.loseContext()
  }
}

interface Program {
  program: WebGLProgram
  place: (uniform: string) => WebGLUniformLocation | null
}

function bind3d(gl: WebGL2RenderingContext, texture: WebGLTexture, filter: number): void {
  gl.bindTexture(gl.TEXTURE_3D, texture)
  gl.texParameteri(gl.TEXTURE_3D, gl.TEXTURE_MIN_FILTER, filter)
  gl.texParameteri(gl.TEXTURE_3D, gl.TEXTURE_MAG_FILTER, filter)
  for (const axis of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T, gl.TEXTURE_WRAP_R]) {
    gl.texParameteri(gl.TEXTURE_3D, axis, gl.CLAMP_TO_EDGE)
  }
}

/** 16 bits stay 16 bits: halves would lose five of them, and singles take twice the memory. */
function heldAs(gl: WebGL2RenderingContext, { values }: Volume): Held {
  const bytes = values.BYTES_PER_ELEMENT
  const whole = { blends: false, scale: 1, bytes }
  if (values instanceof Float32Array) {
    const blends = gl.getExtension('OES_texture_float_linear') !== null
    return { ...whole, internal: gl.R32F, format: gl.RED, type: gl.FLOAT, blends, sampler: 'sampler3D' }
  }
  const norm16 = bytes === 2 ? gl.getExtension('EXT_texture_norm16') : null
  if (norm16 !== null) {
    const parts = { format: gl.RED, blends: true, sampler: 'sampler3D', bytes } as const
    return values instanceof Int16Array
      ? { ...parts, internal: norm16.R16_SNORM_EXT, type: gl.SHORT, scale: 32767 }
      : { ...parts, internal: norm16.R16_EXT, type: gl.UNSIGNED_SHORT, scale: 65535 }
  }
  const integers = { ...whole, format: gl.RED_INTEGER }
  if (values instanceof Int16Array) return { ...integers, internal: gl.R16I, type: gl.SHORT, sampler: 'isampler3D' }
  if (values instanceof Uint16Array) {
    return { ...integers, internal: gl.R16UI, type: gl.UNSIGNED_SHORT, sampler: 'usampler3D' }
  }
  if (values instanceof Int8Array) return { ...integers, internal: gl.R8I, type: gl.BYTE, sampler: 'isampler3D' }
  return { ...integers, internal: gl.R8UI, type: gl.UNSIGNED_BYTE, sampler: 'usampler3D' }
}

/** One triangle that covers everything. */
const VERTICES = `#version 300 es
void main() {
  gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0);
}`

const BLENDED = `
float valueAt(vec3 at) {
  return texture(voxels, (at + 0.5) / vec3(size)).r * scale;
}`

/** Between the eight voxels around a place. */
const OF_EIGHT = `
float voxel(ivec3 at) {
  return float(texelFetch(voxels, min(at, size - 1), 0).r) * scale;
}
float valueAt(vec3 at) {
  vec3 held = clamp(at, vec3(0.0), vec3(size - 1));
  ivec3 low = ivec3(held);
  vec3 part = held - vec3(low);
  vec4 near = vec4(voxel(low), voxel(low + ivec3(0, 1, 0)), voxel(low + ivec3(0, 0, 1)), voxel(low + ivec3(0, 1, 1)));
  vec4 far = vec4(
    voxel(low + ivec3(1, 0, 0)),
    voxel(low + ivec3(1, 1, 0)),
    voxel(low + ivec3(1, 0, 1)),
    voxel(low + ivec3(1, 1, 1))
  );
  vec4 along = mix(near, far, part.x);
  vec2 across = mix(along.xz, along.yw, part.y);
  return mix(across.x, across.y, part.z);
}`

const MIP = `
uniform float sign;
vec3 colourAlong(vec3 start, float near, float from, float far) {
  float most = -3.4e38;
  for (float t = from; t <= far; t += 1.0) {
    vec3 at = start + t * ray;
    if (sign * blockAt(at) <= most) {
      t += stepsInBlock(at);
      continue;
    }
    most = max(most, sign * valueAt(at));
  }
  if (from > far) most = sign * valueAt(start + near * ray);
  float part = clamp(most * perStored + atZero, 0.0, 1.0);
  return texelFetch(table, ivec2(int(floor(255.0 * part + 0.5)), 0), 0).rgb;
}
vec3 nothing() {
  return texelFetch(table, ivec2(0), 0).rgb;
}`

const SHADED = `
uniform int entries;
uniform vec3 toLight;
uniform mat3 axes;
vec3 colourAlong(vec3 start, float near, float from, float far) {
  vec3 colour = vec3(0.0);
  float through = 1.0;
  for (float t = from; t <= far; t += 1.0) {
    vec3 at = start + t * ray;
    if (blockAt(at) == 0.0) {
      t += stepsInBlock(at);
      continue;
    }
    float place = valueAt(at) * perStored + atZero;
    if (!(place > 0.0)) continue;
    vec4 entry = texelFetch(table, ivec2(min(int(place), entries - 1), 0), 0);
    if (entry.a < ${UNSEEN}) continue;
    vec3 normal = axes * vec3(
      valueAt(at + vec3(1.0, 0.0, 0.0)) - valueAt(at - vec3(1.0, 0.0, 0.0)),
      valueAt(at + vec3(0.0, 1.0, 0.0)) - valueAt(at - vec3(0.0, 1.0, 0.0)),
      valueAt(at + vec3(0.0, 0.0, 1.0)) - valueAt(at - vec3(0.0, 0.0, 1.0))
    );
    float length = length(normal);
    float facing = length > 0.0 ? abs(dot(normal, toLight)) / length : 0.5;
    float light = ${LIGHT.ambient} + ${LIGHT.diffuse} * facing;
    float gleam = 255.0 * ${LIGHT.specular} * pow(facing, ${LIGHT.gloss}.0);
    colour += through * entry.a * (entry.rgb * light + gleam);
    through *= 1.0 - entry.a;
    if (through < ${1 - LIGHT.opaque}) break;
  }
  return colour;
}
vec3 nothing() {
  return vec3(0.0);
}`

/** `castRays` for one pixel; y counts from the top: rows are read back in the order they are drawn in. */
function fragments(kind: RayMode['kind'], { sampler, blends }: Held): string {
  return `#version 300 es
precision highp float;
precision highp int;
uniform highp ${sampler} voxels;
uniform highp sampler3D blocks;
uniform highp sampler2D table;
uniform ivec3 size;
uniform vec3 origin;
uniform vec3 right;
uniform vec3 down;
uniform vec3 ray;
uniform vec3 low;
uniform vec3 high;
uniform vec2 middle;
uniform float scale;
uniform float perStored;
uniform float atZero;
out vec4 result;
${blends ? BLENDED : OF_EIGHT}

float blockAt(vec3 at) {
  return texelFetch(blocks, clamp(ivec3(at), ivec3(0), size - 1) / ${BLOCK}, 0).r;
}

float way(float at, float by) {
  float first = float(int(at) / ${BLOCK} * ${BLOCK});
  if (by > 1e-9) return (first + ${BLOCK}.0 - at) / by;
  return by < -1e-9 ? (first - at) / by : 1e6;
}

/** A hair less than there are: singles are not as sure as doubles. */
float stepsInBlock(vec3 at) {
  float least = min(min(way(at.x, ray.x), way(at.y, ray.y)), min(way(at.z, ray.z), 1e6));
  return max(0.0, floor(least - 1e-3));
}
${kind === 'mip' ? MIP : SHADED}

void main() {
  vec2 pixel = gl_FragCoord.xy - middle;
  vec3 start = origin + pixel.x * right + pixel.y * down;
  float near = -3.4e38;
  float far = 3.4e38;
  for (int axis = 0; axis < 3; axis++) {
    if (abs(ray[axis]) < 1e-9) {
      if (start[axis] < low[axis] || start[axis] > high[axis]) far = -3.4e38;
      continue;
    }
    float one = (low[axis] - start[axis]) / ray[axis];
    float other = (high[axis] - start[axis]) / ray[axis];
    near = max(near, min(one, other));
    far = min(far, max(one, other));
  }
  vec3 colour = near <= far ? colourAlong(start, near, ceil(near), far) : nothing();
  result = vec4(colour / 255.0, 1.0);
}`
}
