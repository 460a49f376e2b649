import { TS } from '../../dicom/uids.ts'
import type { PhantomKind } from './phantom.ts'

/** One file of the self-test: the phantom in one encoding. */
export interface PhantomCase {
  /** Its file: `resources/selftest/<name>.dcm`. */
  name: string
  kind: PhantomKind
  TransferSyntaxUID: string
  /** How far a modality value (or a colour's sample) may be from the formula: 0 unless the encoding loses something. */
  tolerance: number
}

const row = (name: string, kind: PhantomKind, TransferSyntaxUID: string, tolerance = 0): PhantomCase => ({
  name,
  kind,
  TransferSyntaxUID,
  tolerance,
})

/** Every transfer syntax the viewer decodes, each with the kinds of pixels it takes. Tolerances: what was lost (1 to 4), and as much again. */
export const PHANTOM_CASES: readonly PhantomCase[] = [
  row('explicit-signed', 'signed', TS.ExplicitVRLittleEndian),
  row('explicit-unsigned', 'unsigned', TS.ExplicitVRLittleEndian),
  row('explicit-inverse', 'inverse', TS.ExplicitVRLittleEndian),
  row('explicit-bytes', 'bytes', TS.ExplicitVRLittleEndian),
  row('explicit-colour', 'colour', TS.ExplicitVRLittleEndian),
  row('implicit-signed', 'signed', TS.ImplicitVRLittleEndian),
  row('bigendian-signed', 'signed', TS.ExplicitVRBigEndian),
  row('deflated-signed', 'signed', TS.DeflatedExplicitVRLittleEndian),
  row('encapsulated-signed', 'signed', TS.EncapsulatedUncompressedExplicitVRLittleEndian),
  row('rle-signed', 'signed', TS.RLELossless),
  row('rle-colour', 'colour', TS.RLELossless),
  row('jpeg-baseline-bytes', 'bytes', TS.JPEGBaseline8Bit, 2),
  row('jpeg-baseline-colour', 'colour', TS.JPEGBaseline8Bit, 6),
  row('jpeg-extended-unsigned', 'unsigned', TS.JPEGExtended12Bit, 2),
  row('jpeg-lossless-signed', 'signed', TS.JPEGLossless),
  row('jpeg-lossless-sv1-signed', 'signed', TS.JPEGLosslessSV1),
  row('jpeg-lossless-sv1-inverse', 'inverse', TS.JPEGLosslessSV1),
  row('jpeg-lossless-sv1-colour', 'colour', TS.JPEGLosslessSV1),
  row('jpegls-signed', 'signed', TS.JPEGLSLossless),
  row('jpegls-unsigned', 'unsigned', TS.JPEGLSLossless),
  row('jpegls-colour', 'colour', TS.JPEGLSLossless),
  row('jpegls-near-unsigned', 'unsigned', TS.JPEGLSNearLossless, 2),
  row('jpeg2000-signed', 'signed', TS.JPEG2000Lossless),
  row('jpeg2000-unsigned', 'unsigned', TS.JPEG2000Lossless),
  row('jpeg2000-colour', 'colour', TS.JPEG2000Lossless),
  row('jpeg2000-lossy-unsigned', 'unsigned', TS.JPEG2000, 2),
  row('htj2k-signed', 'signed', TS.HTJ2KLossless),
  row('htj2k-unsigned', 'unsigned', TS.HTJ2KLossless),
  row('htj2k-colour', 'colour', TS.HTJ2KLossless),
  row('htj2k-rpcl-unsigned', 'unsigned', TS.HTJ2KLosslessRPCL),
  row('htj2k-lossy-unsigned', 'unsigned', TS.HTJ2K, 4),
  row('jpegxl-unsigned', 'unsigned', TS.JPEGXLLossless),
  row('jpegxl-colour', 'colour', TS.JPEGXLLossless),
  row('jpegxl-lossy-colour', 'colour', TS.JPEGXL, 6),
]
