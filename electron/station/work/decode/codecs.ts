// Other floors that import this file have the declarations by it.
/// <reference path="./codecModules.d.ts" />
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { CodecClass, CodecModule } from '@cornerstonejs/codec-charls/decodewasmjs'
import { TS } from '../../../../shared/dicom/uids.ts'
import { decodeDct } from '../../../../shared/viewing/jpegDct.ts'
import { jpegProcess, startOfFrame } from '../../../../shared/viewing/jpegHeader.ts'

/** Samples of one frame as the codec gives them: interleaved, in the number type of their size. */
export interface DecodedSamples {
  columns: number
  rows: number
  samples: number
  /** The codec has already turned YBR into RGB (JPEG by libjpeg, JPEG 2000 by its own component transform). */
  isRGB: boolean
  values: Uint8Array | Uint16Array
}

type Decode = (encoded: Uint8Array) => Promise<DecodedSamples>

const require = createRequire(import.meta.url)

/** Loads a codec once, when the first image of its kind comes. The file name of the wasm is resolved here, not by the glue code. */
function wasmCodec(
  load: () => Promise<{
    default: (
      options: Parameters<typeof import('@cornerstonejs/codec-charls/decodewasmjs')['default']>[0],
    ) => Promise<CodecModule>
  }>,
  wasm: string,
  pick: (module: CodecModule) => CodecClass | undefined,
  transformsColour: boolean,
): Decode {
  let loading: Promise<CodecModule> | undefined
  const start = async () => {
    const [glue, wasmBinary] = await Promise.all([load(), readFile(require.resolve(wasm))])
    return glue.default({ wasmBinary, print: () => {}, printErr: () => {} })
  }
  return async encoded => {
    loading ??= start()
    const module = await loading
    const Class = pick(module)
    if (!Class) throw new Error(`${wasm} brings no decoder`)
    const decoder = new Class()
    try {
      decoder.getEncodedBuffer(encoded.length).set(encoded)
      decoder.decode()
      const { width, height, bitsPerSample, componentCount } = decoder.getFrameInfo()
      const bytes = decoder.getDecodedBuffer().slice()
      const values = bitsPerSample > 8 ? new Uint16Array(bytes.buffer, 0, bytes.length >> 1) : bytes
      const isRGB = transformsColour && componentCount === 3
      return { columns: width, rows: height, samples: componentCount, isRGB, values }
    } catch (thrown) {
      // Emscripten throws C++ exceptions as addresses.
      if (typeof thrown !== 'number') throw thrown
      throw new Error(module.getExceptionMessage?.(thrown) ?? 'the codec gave up')
    } finally {
      decoder.delete()
    }
  }
}

const jpeg = wasmCodec(
  () => import('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs'),
  '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasm',
  module => module.JPEGDecoder,
  true,
)
const jpegLS = wasmCodec(
  () => import('@cornerstonejs/codec-charls/decodewasmjs'),
  '@cornerstonejs/codec-charls/decodewasm',
  module => module.JpegLSDecoder,
  false,
)
const jpeg2000 = wasmCodec(
  () => import('@cornerstonejs/codec-openjpeg/decodewasmjs'),
  '@cornerstonejs/codec-openjpeg/decodewasm',
  module => module.J2KDecoder,
  true,
)
const highThroughput = wasmCodec(
  () => import('@cornerstonejs/codec-openjph/wasmjs'),
  '@cornerstonejs/codec-openjph/wasm',
  module => module.HTJ2KDecoder,
  true,
)
const jpegXL = wasmCodec(
  () => import('@cornerstonejs/codec-libjxl/decodewasmjs'),
  '@cornerstonejs/codec-libjxl/decodewasm',
  module => module.JpegXLDecoder,
  true,
)

const jpegLossless: Decode = async encoded => {
  const frame = startOfFrame(encoded)
  if (!frame) throw new Error('the codestream has no frame header')
  const size = frame.precision > 8 ? 2 : 1
  const exact = new Uint8Array(encoded)
  const { Decoder } = await import('@cornerstonejs/jpeg-lossless-decoder-js')
  const decoded = new Decoder().decode(exact.buffer, 0, exact.length, size)
  const { buffer, byteOffset, byteLength } = decoded
  const values =
    size === 2 ? new Uint16Array(buffer, byteOffset, byteLength >> 1) : new Uint8Array(buffer, byteOffset, byteLength)
  return { columns: frame.columns, rows: frame.rows, samples: frame.components.length, isRGB: false, values }
}

const BY_SYNTAX = new Map<string, Decode>([
  [TS.JPEGLSLossless, jpegLS],
  [TS.JPEGLSNearLossless, jpegLS],
  [TS.JPEG2000Lossless, jpeg2000],
  [TS.JPEG2000, jpeg2000],
  [TS.HTJ2KLossless, highThroughput],
  [TS.HTJ2KLosslessRPCL, highThroughput],
  [TS.HTJ2K, highThroughput],
  [TS.JPEGXLLossless, jpegXL],
  [TS.JPEGXLJPEGRecompression, jpegXL],
  [TS.JPEGXL, jpegXL],
])

/** A JPEG codestream says itself which process it uses. */
const BY_PROCESS = {
  lossless: jpegLossless,
  dct8: jpeg,
  dct12: async (encoded: Uint8Array) => ({ ...decodeDct(encoded), isRGB: false }),
} satisfies Record<string, Decode>

/** The decoder for one frame's codestream, or undefined where this room has none. */
export function codecFor(transferSyntaxUID: string, encoded: Uint8Array): Decode | undefined {
  const process = jpegProcess(encoded, transferSyntaxUID)
  return process ? BY_PROCESS[process] : BY_SYNTAX.get(transferSyntaxUID)
}
