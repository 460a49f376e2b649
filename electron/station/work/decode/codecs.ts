// Other floors that import this file have the declarations by it.
/// <reference path="./codecModules.d.ts" />
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { CodecClass, CodecModule } from '@cornerstonejs/codec-charls/decodewasmjs'
import { Decoder as LosslessDecoder } from '@cornerstonejs/jpeg-lossless-decoder-js'
import { TS } from '../../../../shared/dicom/uids.ts'

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

interface StartOfFrame {
  lossless: boolean
  precision: number
  rows: number
  columns: number
  samples: number
}

/** The SOFn marker of a JPEG codestream (ISO 10918-1 B.2.2); undefined when there is none. */
function startOfFrame(bytes: Uint8Array): StartOfFrame | undefined {
  let at = 2
  while (at + 10 <= bytes.length) {
    if (bytes[at] !== 0xff) return undefined
    const marker = bytes[at + 1]!
    if (marker === 0xff) {
      at++
      continue
    }
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return {
        lossless: marker === 0xc3,
        precision: bytes[at + 4]!,
        rows: bytes[at + 5]! * 256 + bytes[at + 6]!,
        columns: bytes[at + 7]! * 256 + bytes[at + 8]!,
        samples: bytes[at + 9]!,
      }
    }
    at += 2 + bytes[at + 2]! * 256 + bytes[at + 3]!
  }
  return undefined
}

const jpegLossless: Decode = async encoded => {
  const frame = startOfFrame(encoded)
  if (!frame) throw new Error('the codestream has no frame header')
  const size = frame.precision > 8 ? 2 : 1
  const exact = new Uint8Array(encoded)
  const decoded = new LosslessDecoder().decode(exact.buffer, 0, exact.length, size)
  const { buffer, byteOffset, byteLength } = decoded
  const values =
    size === 2 ? new Uint16Array(buffer, byteOffset, byteLength >> 1) : new Uint8Array(buffer, byteOffset, byteLength)
  return { columns: frame.columns, rows: frame.rows, samples: frame.samples, isRGB: false, values }
}

/** Lossless JPEG travels under DCT syntaxes and the reverse: the codestream decides. */
const anyJpeg: Decode = encoded => (startOfFrame(encoded)?.lossless ? jpegLossless(encoded) : jpeg(encoded))

const BY_SYNTAX = new Map<string, Decode>([
  [TS.JPEGBaseline8Bit, anyJpeg],
  [TS.JPEGExtended12Bit, anyJpeg],
  [TS.JPEGSpectralSelectionNonHierarchical68, anyJpeg],
  [TS.JPEGFullProgressionNonHierarchical1012, anyJpeg],
  [TS.JPEGLossless, anyJpeg],
  [TS.JPEGLosslessSV1, anyJpeg],
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

/** The decoder for one frame's codestream, or undefined where this room has none (12-bit DCT JPEG among others). */
export function codecFor(transferSyntaxUID: string, encoded: Uint8Array): Decode | undefined {
  const decode = BY_SYNTAX.get(transferSyntaxUID)
  const frame = decode === anyJpeg ? startOfFrame(encoded) : undefined
  return frame && !frame.lossless && frame.precision > 8 ? undefined : decode
}
