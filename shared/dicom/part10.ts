import { lookupTag } from './dictionary.ts'
import { detectEncoding, isVr, viewOf } from './elements.ts'
import { DataSet } from './reader.ts'
import { normaliseUID, TS } from './uids.ts'

/** PS3.10 §7.1 (0002,0012): fixed for all versions of this program. */
export const IMPLEMENTATION_CLASS_UID = '2.25.221404127903467905839251273451289617493'
/** (0002,0013), 16 characters at most. */
export const IMPLEMENTATION_VERSION_NAME = 'ISOCENTER_1'

const PREAMBLE_BYTES = 128
/** A File Meta group is some hundred bytes; its length field is not believed beyond this (private information included). */
const MAX_META_BYTES = 1 << 20

export interface FileMetaValues {
  MediaStorageSOPClassUID: string
  MediaStorageSOPInstanceUID: string
  TransferSyntaxUID: string
  SourceApplicationEntityTitle?: string
  SendingApplicationEntityTitle?: string
  ReceivingApplicationEntityTitle?: string
}

/** Preamble, `DICM` and group 0002 (PS3.10 §7.1), always Explicit VR Little Endian; the data set follows directly. */
export function writeFileMeta(values: FileMetaValues): Uint8Array<ArrayBuffer> {
  const elements: Array<[element: number, vr: string, value: Uint8Array]> = [
    [0x0001, 'OB', new Uint8Array([0, 1])],
    [0x0002, 'UI', ascii(values.MediaStorageSOPClassUID, 0)],
    [0x0003, 'UI', ascii(values.MediaStorageSOPInstanceUID, 0)],
    [0x0010, 'UI', ascii(values.TransferSyntaxUID, 0)],
    [0x0012, 'UI', ascii(IMPLEMENTATION_CLASS_UID, 0)],
    [0x0013, 'SH', ascii(IMPLEMENTATION_VERSION_NAME, 0x20)],
  ]
  const titles: Array<[number, string | undefined]> = [
    [0x0016, values.SourceApplicationEntityTitle],
    [0x0017, values.SendingApplicationEntityTitle],
    [0x0018, values.ReceivingApplicationEntityTitle],
  ]
  for (const [element, title] of titles) if (title) elements.push([element, 'AE', ascii(title, 0x20)])
  const headerBytes = (vr: string) => (vr === 'OB' ? 12 : 8)
  const groupLength = elements.reduce((sum, [, vr, value]) => sum + headerBytes(vr) + value.length, 0)
  const file = new Uint8Array(PREAMBLE_BYTES + 4 + 12 + groupLength)
  const view = viewOf(file)
  file.set(ascii('DICM', 0), PREAMBLE_BYTES)
  let at = PREAMBLE_BYTES + 4
  const write = (element: number, vr: string, value: Uint8Array) => {
    view.setUint16(at, 0x0002, true)
    view.setUint16(at + 2, element, true)
    file.set(ascii(vr, 0), at + 4)
    if (vr === 'OB') view.setUint32(at + 8, value.length, true)
    else view.setUint16(at + 6, value.length, true)
    file.set(value, at + headerBytes(vr))
    at += headerBytes(vr) + value.length
  }
  const length = new Uint8Array(4)
  viewOf(length).setUint32(0, groupLength, true)
  write(0x0000, 'UL', length)
  for (const [element, vr, value] of elements) write(element, vr, value)
  return file
}

/** Bytes of an ASCII text, padded to even length; what is not printable ASCII (an AE title of a rude peer) becomes '?'. */
function ascii(text: string, padding: number): Uint8Array {
  const bytes = new Uint8Array(text.length + (text.length % 2))
  bytes.fill(padding)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    bytes[i] = code >= 0x20 && code < 0x7f ? code : 0x3f
  }
  return bytes
}

export interface FileMeta {
  /** Group 0002; empty when the file has none. */
  meta: DataSet
  /** Where the data set begins in the file. */
  dataSetOffset: number
  /** Of the meta, or guessed from the data set's first element. Normalised, as are the other UIDs, which are '' when missing. */
  TransferSyntaxUID: string
  MediaStorageSOPClassUID: string
  MediaStorageSOPInstanceUID: string
  SourceApplicationEntityTitle: string
}

const EXPLICIT_LE = { explicit: true, littleEndian: true }

function hasMagic(bytes: Uint8Array, offset: number): boolean {
  return (
    bytes[offset] === 0x44 && bytes[offset + 1] === 0x49 && bytes[offset + 2] === 0x43 && bytes[offset + 3] === 0x4d
  )
}

/**
 * Reads what stands before the data set, from the file's first bytes (64 KiB are plenty). Tolerates a missing preamble or
 * meta, a wrong or missing group length, and a meta without transfer syntax. Null when this is not DICOM.
 */
export function readFileMeta(bytes: Uint8Array): FileMeta | null {
  const magicEnd = hasMagic(bytes, PREAMBLE_BYTES) ? PREAMBLE_BYTES + 4 : hasMagic(bytes, 0) ? 4 : undefined
  const start = magicEnd ?? bareStart(bytes)
  if (start === undefined) return null
  const end = metaEnd(bytes, start)
  // Read as depth 1: File Meta is explicit little endian whatever its first bytes look like.
  const meta = DataSet.read(bytes.subarray(0, end), EXPLICIT_LE, { offset: start, depth: 1 })
  const declared = normaliseUID(meta.string('TransferSyntaxUID'))
  const TransferSyntaxUID = declared || guessTransferSyntax(bytes, end)
  return {
    meta,
    dataSetOffset: end,
    TransferSyntaxUID,
    MediaStorageSOPClassUID: normaliseUID(meta.string('MediaStorageSOPClassUID')),
    MediaStorageSOPInstanceUID: normaliseUID(meta.string('MediaStorageSOPInstanceUID')),
    SourceApplicationEntityTitle: meta.string('SourceApplicationEntityTitle'),
  }
}

/** MZ (Windows), ELF (Linux), Mach-O of either size and of several (macOS), a script. */
const PROGRAMS = ['4d5a', '7f454c46', 'cefaedfe', 'cffaedfe', 'feedface', 'feedfacf', 'cafebabe', '2321']

/**
 * True when a DICOM file begins as a program does: its preamble may be anything, so one file can be both (PS3.10 §7.1, CP-1865).
 * @param firstBytes 132 or more.
 */
export function startsAsProgram(firstBytes: Uint8Array): boolean {
  if (!hasMagic(firstBytes, PREAMBLE_BYTES)) return false
  const start = Array.from(firstBytes.subarray(0, 4), byte => byte.toString(16).padStart(2, '0')).join('')
  return PROGRAMS.some(program => start.startsWith(program))
}

/** True when the first bytes (132 or more) can be those of a DICOM file, with or without preamble. */
export function looksLikeDicom(firstBytes: Uint8Array): boolean {
  return hasMagic(firstBytes, PREAMBLE_BYTES) || hasMagic(firstBytes, 0) || bareStart(firstBytes) !== undefined
}

/** A file without preamble begins with an element: 0 where one with a low, known tag stands at the start or, after a preamble without DICM, at 128. */
function bareStart(bytes: Uint8Array): number | undefined {
  for (const offset of [0, PREAMBLE_BYTES, PREAMBLE_BYTES + 4]) if (isElement(bytes, offset)) return offset
  return undefined
}

function isElement(bytes: Uint8Array, offset: number): boolean {
  if (bytes.length < offset + 16) return false
  const view = viewOf(bytes)
  for (const littleEndian of [true, false]) {
    const group = view.getUint16(offset, littleEndian)
    const element = view.getUint16(offset + 2, littleEndian)
    if (group !== 0x0002 && group !== 0x0008) continue
    const known = lookupTag(((group << 16) | element) >>> 0)
    if (!known) continue
    if (isVr(vrLetters(bytes, offset + 4))) return true
    if (littleEndian && group === 0x0008 && view.getUint32(offset + 4, true) <= 1024) return true
  }
  return false
}

function vrLetters(bytes: Uint8Array, offset: number): string {
  return String.fromCharCode(bytes[offset] ?? 0, bytes[offset + 1] ?? 0)
}

/** Group 0002 ends where the next group begins: the elements are walked, the group length is only ever a hint. */
function metaEnd(bytes: Uint8Array, start: number): number {
  const view = viewOf(bytes)
  let at = start
  const limit = Math.min(bytes.length, start + MAX_META_BYTES)
  while (at + 8 <= limit && view.getUint16(at, true) === 0x0002) {
    const vr = vrLetters(bytes, at + 4)
    let next: number
    if (['OB', 'OW', 'UN', 'UT', 'SQ'].includes(vr))
      next = at + 12 <= limit ? at + 12 + view.getUint32(at + 8, true) : limit + 1
    else if (isVr(vr)) next = at + 8 + view.getUint16(at + 6, true)
    else next = at + 8 + view.getUint32(at + 4, true)
    if (next > limit) break
    at = next
  }
  return at
}

function guessTransferSyntax(bytes: Uint8Array, offset: number): string {
  const guess = detectEncoding(bytes, offset, { explicit: false, littleEndian: true })
  if (!guess.explicit) return TS.ImplicitVRLittleEndian
  return guess.littleEndian ? TS.ExplicitVRLittleEndian : TS.ExplicitVRBigEndian
}
