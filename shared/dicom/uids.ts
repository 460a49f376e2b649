/** What a transfer syntax says about the bytes (PS3.5 annex A). */
export interface TransferSyntax {
  UID: string
  name: string
  implicit: boolean
  bigEndian: boolean
  /** The data set is a raw deflate stream (PS3.5 §A.5). */
  deflated: boolean
  /** Pixel data comes in fragments (PS3.5 §A.4). */
  encapsulated: boolean
  lossy: boolean
  video: boolean
  /** False when the pixels are elsewhere: JPIP, SMPTE ST 2110. */
  pixels: boolean
}

type Trait = 'implicit' | 'bigEndian' | 'deflated' | 'encapsulated' | 'lossy' | 'video' | 'noPixels'

function row(UID: string, name: string, traits = ''): TransferSyntax {
  const has = (trait: Trait) => traits.split(' ').includes(trait)
  return {
    UID,
    name,
    implicit: has('implicit'),
    bigEndian: has('bigEndian'),
    deflated: has('deflated'),
    encapsulated: has('encapsulated'),
    lossy: has('lossy'),
    video: has('video'),
    pixels: !has('noPixels'),
  }
}

/** PS3.6 table A-1, keyed by the UID keyword. */
const SYNTAXES = {
  ImplicitVRLittleEndian: row('1.2.840.10008.1.2', 'Implicit VR Little Endian', 'implicit'),
  ExplicitVRLittleEndian: row('1.2.840.10008.1.2.1', 'Explicit VR Little Endian'),
  EncapsulatedUncompressedExplicitVRLittleEndian: row(
    '1.2.840.10008.1.2.1.98',
    'Encapsulated Uncompressed Explicit VR Little Endian',
    'encapsulated',
  ),
  DeflatedExplicitVRLittleEndian: row('1.2.840.10008.1.2.1.99', 'Deflated Explicit VR Little Endian', 'deflated'),
  ExplicitVRBigEndian: row('1.2.840.10008.1.2.2', 'Explicit VR Big Endian', 'bigEndian'),
  JPEGBaseline8Bit: row('1.2.840.10008.1.2.4.50', 'JPEG Baseline (Process 1)', 'encapsulated lossy'),
  JPEGExtended12Bit: row('1.2.840.10008.1.2.4.51', 'JPEG Extended (Process 2 and 4)', 'encapsulated lossy'),
  JPEGExtended35: row('1.2.840.10008.1.2.4.52', 'JPEG Extended (Process 3 and 5)', 'encapsulated lossy'),
  JPEGSpectralSelectionNonHierarchical68: row(
    '1.2.840.10008.1.2.4.53',
    'JPEG Spectral Selection, Non-Hierarchical (Process 6 and 8)',
    'encapsulated lossy',
  ),
  JPEGSpectralSelectionNonHierarchical79: row(
    '1.2.840.10008.1.2.4.54',
    'JPEG Spectral Selection, Non-Hierarchical (Process 7 and 9)',
    'encapsulated lossy',
  ),
  JPEGFullProgressionNonHierarchical1012: row(
    '1.2.840.10008.1.2.4.55',
    'JPEG Full Progression, Non-Hierarchical (Process 10 and 12)',
    'encapsulated lossy',
  ),
  JPEGFullProgressionNonHierarchical1113: row(
    '1.2.840.10008.1.2.4.56',
    'JPEG Full Progression, Non-Hierarchical (Process 11 and 13)',
    'encapsulated lossy',
  ),
  JPEGLossless: row('1.2.840.10008.1.2.4.57', 'JPEG Lossless, Non-Hierarchical (Process 14)', 'encapsulated'),
  JPEGLosslessNonHierarchical15: row(
    '1.2.840.10008.1.2.4.58',
    'JPEG Lossless, Non-Hierarchical (Process 15)',
    'encapsulated',
  ),
  JPEGExtendedHierarchical1618: row(
    '1.2.840.10008.1.2.4.59',
    'JPEG Extended, Hierarchical (Process 16 and 18)',
    'encapsulated lossy',
  ),
  JPEGExtendedHierarchical1719: row(
    '1.2.840.10008.1.2.4.60',
    'JPEG Extended, Hierarchical (Process 17 and 19)',
    'encapsulated lossy',
  ),
  JPEGSpectralSelectionHierarchical2022: row(
    '1.2.840.10008.1.2.4.61',
    'JPEG Spectral Selection, Hierarchical (Process 20 and 22)',
    'encapsulated lossy',
  ),
  JPEGSpectralSelectionHierarchical2123: row(
    '1.2.840.10008.1.2.4.62',
    'JPEG Spectral Selection, Hierarchical (Process 21 and 23)',
    'encapsulated lossy',
  ),
  JPEGFullProgressionHierarchical2426: row(
    '1.2.840.10008.1.2.4.63',
    'JPEG Full Progression, Hierarchical (Process 24 and 26)',
    'encapsulated lossy',
  ),
  JPEGFullProgressionHierarchical2527: row(
    '1.2.840.10008.1.2.4.64',
    'JPEG Full Progression, Hierarchical (Process 25 and 27)',
    'encapsulated lossy',
  ),
  JPEGLosslessHierarchical28: row('1.2.840.10008.1.2.4.65', 'JPEG Lossless, Hierarchical (Process 28)', 'encapsulated'),
  JPEGLosslessHierarchical29: row('1.2.840.10008.1.2.4.66', 'JPEG Lossless, Hierarchical (Process 29)', 'encapsulated'),
  JPEGLosslessSV1: row(
    '1.2.840.10008.1.2.4.70',
    'JPEG Lossless, Non-Hierarchical, First-Order Prediction (Process 14 [Selection Value 1])',
    'encapsulated',
  ),
  JPEGLSLossless: row('1.2.840.10008.1.2.4.80', 'JPEG-LS Lossless Image Compression', 'encapsulated'),
  JPEGLSNearLossless: row(
    '1.2.840.10008.1.2.4.81',
    'JPEG-LS Lossy (Near-Lossless) Image Compression',
    'encapsulated lossy',
  ),
  JPEG2000Lossless: row('1.2.840.10008.1.2.4.90', 'JPEG 2000 Image Compression (Lossless Only)', 'encapsulated'),
  JPEG2000: row('1.2.840.10008.1.2.4.91', 'JPEG 2000 Image Compression', 'encapsulated lossy'),
  JPEG2000MCLossless: row(
    '1.2.840.10008.1.2.4.92',
    'JPEG 2000 Part 2 Multi-component Image Compression (Lossless Only)',
    'encapsulated',
  ),
  JPEG2000MC: row('1.2.840.10008.1.2.4.93', 'JPEG 2000 Part 2 Multi-component Image Compression', 'encapsulated lossy'),
  JPIPReferenced: row('1.2.840.10008.1.2.4.94', 'JPIP Referenced', 'noPixels'),
  JPIPReferencedDeflate: row('1.2.840.10008.1.2.4.95', 'JPIP Referenced Deflate', 'deflated noPixels'),
  MPEG2MPML: row('1.2.840.10008.1.2.4.100', 'MPEG2 Main Profile / Main Level', 'encapsulated lossy video'),
  MPEG2MPMLF: row(
    '1.2.840.10008.1.2.4.100.1',
    'Fragmentable MPEG2 Main Profile / Main Level',
    'encapsulated lossy video',
  ),
  MPEG2MPHL: row('1.2.840.10008.1.2.4.101', 'MPEG2 Main Profile / High Level', 'encapsulated lossy video'),
  MPEG2MPHLF: row(
    '1.2.840.10008.1.2.4.101.1',
    'Fragmentable MPEG2 Main Profile / High Level',
    'encapsulated lossy video',
  ),
  MPEG4HP41: row('1.2.840.10008.1.2.4.102', 'MPEG-4 AVC/H.264 High Profile / Level 4.1', 'encapsulated lossy video'),
  MPEG4HP41F: row(
    '1.2.840.10008.1.2.4.102.1',
    'Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.1',
    'encapsulated lossy video',
  ),
  MPEG4HP41BD: row(
    '1.2.840.10008.1.2.4.103',
    'MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1',
    'encapsulated lossy video',
  ),
  MPEG4HP41BDF: row(
    '1.2.840.10008.1.2.4.103.1',
    'Fragmentable MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1',
    'encapsulated lossy video',
  ),
  MPEG4HP422D: row(
    '1.2.840.10008.1.2.4.104',
    'MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video',
    'encapsulated lossy video',
  ),
  MPEG4HP422DF: row(
    '1.2.840.10008.1.2.4.104.1',
    'Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video',
    'encapsulated lossy video',
  ),
  MPEG4HP423D: row(
    '1.2.840.10008.1.2.4.105',
    'MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video',
    'encapsulated lossy video',
  ),
  MPEG4HP423DF: row(
    '1.2.840.10008.1.2.4.105.1',
    'Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video',
    'encapsulated lossy video',
  ),
  MPEG4HP42STEREO: row(
    '1.2.840.10008.1.2.4.106',
    'MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2',
    'encapsulated lossy video',
  ),
  MPEG4HP42STEREOF: row(
    '1.2.840.10008.1.2.4.106.1',
    'Fragmentable MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2',
    'encapsulated lossy video',
  ),
  HEVCMP51: row('1.2.840.10008.1.2.4.107', 'HEVC/H.265 Main Profile / Level 5.1', 'encapsulated lossy video'),
  HEVCM10P51: row('1.2.840.10008.1.2.4.108', 'HEVC/H.265 Main 10 Profile / Level 5.1', 'encapsulated lossy video'),
  JPEGXLLossless: row('1.2.840.10008.1.2.4.110', 'JPEG XL Lossless', 'encapsulated'),
  JPEGXLJPEGRecompression: row('1.2.840.10008.1.2.4.111', 'JPEG XL JPEG Recompression', 'encapsulated lossy'),
  JPEGXL: row('1.2.840.10008.1.2.4.112', 'JPEG XL', 'encapsulated lossy'),
  HTJ2KLossless: row(
    '1.2.840.10008.1.2.4.201',
    'High-Throughput JPEG 2000 Image Compression (Lossless Only)',
    'encapsulated',
  ),
  HTJ2KLosslessRPCL: row(
    '1.2.840.10008.1.2.4.202',
    'High-Throughput JPEG 2000 with RPCL Options Image Compression (Lossless Only)',
    'encapsulated',
  ),
  HTJ2K: row('1.2.840.10008.1.2.4.203', 'High-Throughput JPEG 2000 Image Compression', 'encapsulated lossy'),
  JPIPHTJ2KReferenced: row('1.2.840.10008.1.2.4.204', 'JPIP HTJ2K Referenced', 'noPixels'),
  JPIPHTJ2KReferencedDeflate: row('1.2.840.10008.1.2.4.205', 'JPIP HTJ2K Referenced Deflate', 'deflated noPixels'),
  RLELossless: row('1.2.840.10008.1.2.5', 'RLE Lossless', 'encapsulated'),
  RFC2557MIMEEncapsulation: row('1.2.840.10008.1.2.6.1', 'RFC 2557 MIME encapsulation', 'noPixels'),
  XMLEncoding: row('1.2.840.10008.1.2.6.2', 'XML Encoding', 'noPixels'),
  SMPTEST211020UncompressedProgressiveActiveVideo: row(
    '1.2.840.10008.1.2.7.1',
    'SMPTE ST 2110-20 Uncompressed Progressive Active Video',
    'noPixels',
  ),
  SMPTEST211020UncompressedInterlacedActiveVideo: row(
    '1.2.840.10008.1.2.7.2',
    'SMPTE ST 2110-20 Uncompressed Interlaced Active Video',
    'noPixels',
  ),
  SMPTEST211030PCMDigitalAudio: row('1.2.840.10008.1.2.7.3', 'SMPTE ST 2110-30 PCM Digital Audio', 'noPixels'),
  DeflatedImageFrameCompression: row('1.2.840.10008.1.2.8.1', 'Deflated Image Frame Compression', 'encapsulated'),
  Papyrus3ImplicitVRLittleEndian: row('1.2.840.10008.1.20', 'Papyrus 3 Implicit VR Little Endian', 'implicit'),
  /** GE's private syntax: implicit little endian data set around big-endian pixels. */
  GEPrivateImplicit: row('1.2.840.113619.5.2', 'GE Private Implicit VR Big Endian Pixels', 'implicit'),
}

/** The UIDs by keyword: `TS.ExplicitVRLittleEndian` is '1.2.840.10008.1.2.1'. */
export const TS = Object.fromEntries(Object.entries(SYNTAXES).map(([keyword, syntax]) => [keyword, syntax.UID])) as {
  readonly [Keyword in keyof typeof SYNTAXES]: string
}

/** Those that have a name here. */
export const TRANSFER_SYNTAXES: readonly TransferSyntax[] = Object.values(SYNTAXES)

const byUID = new Map(Object.values(SYNTAXES).map(syntax => [syntax.UID, syntax]))

/** An unknown UID gets a row named by itself: explicit little endian, encapsulated, as every newer syntax has been. */
export function transferSyntax(uid: string): TransferSyntax {
  return byUID.get(uid) ?? row(uid, uid, 'encapsulated')
}

/** Whether an object of that syntax can be had uncompressed, as far as its syntax tells: video has no frames, JPIP no pixels. */
export function hasUncompressedForm(uid: string): boolean {
  const { video, pixels } = transferSyntax(uid)
  return !video && pixels && uid !== TS.GEPrivateImplicit
}

/** UIDs are padded with one NUL; some writers pad with spaces or more (PS3.5 §9.1). */
export function normaliseUID(raw: string): string {
  return raw.replace(/^[\s\0]+|[\s\0]+$/g, '')
}

/** Good enough to name an object: what is stored, even when PS3.5 §9.1 would not have it. Normalise first. */
export function isStorableUID(uid: string): boolean {
  return /^[0-9.]{1,64}$/.test(uid)
}

/** Storable, but against PS3.5 §9.1: empty components, leading zeros, a single component, a first component above 2. */
export function isOddUID(uid: string): boolean {
  return isStorableUID(uid) && !/^[0-2](\.(0|[1-9][0-9]*))+$/.test(uid)
}

/** PS3.5 §B.2: `2.25.` and the 128 random bits (16 bytes) as a decimal number. */
export function uidFromRandom(bytes: Uint8Array): string {
  let value = 0n
  for (const byte of bytes.subarray(0, 16)) value = (value << 8n) | BigInt(byte)
  return `2.25.${value}`
}

export { isNonStorageService, sopClass, sopClasses } from './sopClasses.ts'
