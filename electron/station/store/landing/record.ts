import { crc32 } from 'node:zlib'
import type { ReceiveStart } from '../index.ts'

/*
 * A landing segment is a header of 4,096 bytes and records, one behind the other: the write-ahead log of what was answered.
 * Little endian. After the last record there are zeros, or what a cut-off write left; both end the reading.
 *
 * Segment header: 'ISOSEG01', epoch (16 random bytes), number (u64), CRC-32 of the bytes before it (u32).
 * Record: 72 bytes (`FIXED`), JSON, File Meta, data set, padding. The checksum of the head covers all but the data set, which
 * has its own. The epoch tells the records of this segment from what may have lain on these blocks before.
 *
 * The checksum is CRC-32 (IEEE 802.3, RFC 1952 §8), which zlib computes at 3 GB/s; CRC-32C would be a package or JavaScript.
 */
export const SEGMENT_HEADER_BYTES = 4096
/** A group of records ends on one: what was synced never shares a block of the disk with what is written later. */
export const GROUP_ALIGNMENT = 4096
const SEGMENT_MAGIC = Buffer.from('ISOSEG01', 'latin1')
const RECORD_MAGIC = 0x31525349
const EPOCH_BYTES = 16
const FIXED = 72
const ALIGNMENT = 8
/** Origin and UIDs: some hundred bytes. */
const MAX_JSON = 64 << 10
const MAX_META = 1 << 20

/** Everything the rows of an object are made from: with the record alone it can be received again. */
export interface LandingRecord {
  contentId: number
  /** Epoch ms. */
  received: number
  start: ReceiveStart
  /** Preamble and File Meta of the Part-10 file; for an object in its own file it stands there. */
  meta: Uint8Array
  /** Bytes of the data set, and their CRC-32. */
  length: number
  crc: number
  /** The object lies in a file of its own (relative to the data folder), not in the segment. */
  file?: string
}

export function encodeSegmentHeader(epoch: Uint8Array, number: number): Buffer {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES)
  SEGMENT_MAGIC.copy(header)
  header.set(epoch, 8)
  header.writeBigUInt64LE(BigInt(number), 24)
  header.writeUInt32LE(crc32(header.subarray(0, 32)), 32)
  return header
}

/** The segment's epoch; undefined when this is no header of ours. */
export function decodeSegmentHeader(bytes: Buffer): Buffer | undefined {
  if (bytes.length < 36 || !bytes.subarray(0, 8).equals(SEGMENT_MAGIC)) return undefined
  if (bytes.readUInt32LE(32) !== crc32(bytes.subarray(0, 32))) return undefined
  return bytes.subarray(8, 8 + EPOCH_BYTES)
}

/** A record as it is written: `head`, then the data set where it is not in a file of its own, then `padding` bytes. */
export interface EncodedRecord {
  head: Buffer
  /** Where the Part-10 file begins, counted from the record's first byte. */
  fileOffset: number
  total: number
}

/** @param last the group ends with it, so it is padded to the next block. `at` is where in the segment it will stand. */
export function encodeRecord(epoch: Uint8Array, record: LandingRecord, at: number, last: boolean): EncodedRecord {
  const { contentId, received, start, meta, length, crc, file } = record
  const json = Buffer.from(JSON.stringify({ start, file }))
  const headLength = FIXED + json.length + meta.length
  const end = at + headLength + (file === undefined ? length : 0)
  const total = alignUp(end, last ? GROUP_ALIGNMENT : ALIGNMENT) - at
  const head = Buffer.allocUnsafe(headLength)
  head.fill(0, 0, FIXED)
  head.writeUInt32LE(RECORD_MAGIC, 0)
  head.set(epoch, 8)
  head.writeBigUInt64LE(BigInt(total), 24)
  head.writeBigUInt64LE(BigInt(contentId), 32)
  head.writeDoubleLE(received, 40)
  head.writeUInt32LE(json.length, 48)
  head.writeUInt32LE(meta.length, 52)
  head.writeBigUInt64LE(BigInt(length), 56)
  head.writeUInt32LE(crc, 64)
  head.set(json, FIXED)
  head.set(meta, FIXED + json.length)
  head.writeUInt32LE(crc32(head.subarray(8)), 4)
  return { head, fileOffset: FIXED + json.length, total }
}

/** The most a record takes in a segment beside its data set. */
export function recordOverhead(record: LandingRecord): number {
  return FIXED + MAX_JSON + record.meta.length + GROUP_ALIGNMENT
}

export interface DecodedRecord extends LandingRecord {
  /** Counted from the record's first byte. */
  dataOffset: number
  total: number
}

/** Reads `length` bytes at `position` of a segment; fewer when it ends before. */
export type ReadAt = (position: number, length: number) => Promise<Buffer>

/** The record at `at`, its head proven, its data set not yet; undefined where the log ends. */
export async function readRecord(read: ReadAt, epoch: Buffer, at: number): Promise<DecodedRecord | undefined> {
  const fixed = await read(at, FIXED)
  if (fixed.length < FIXED || fixed.readUInt32LE(0) !== RECORD_MAGIC) return undefined
  if (!fixed.subarray(8, 8 + EPOCH_BYTES).equals(epoch)) return undefined
  const jsonLength = fixed.readUInt32LE(48)
  const metaLength = fixed.readUInt32LE(52)
  if (jsonLength > MAX_JSON || metaLength > MAX_META) return undefined
  const rest = await read(at + FIXED, jsonLength + metaLength)
  if (rest.length < jsonLength + metaLength) return undefined
  if (fixed.readUInt32LE(4) !== crc32(rest, crc32(fixed.subarray(8)))) return undefined
  const { start, file } = JSON.parse(rest.toString('utf8', 0, jsonLength)) as Pick<LandingRecord, 'start' | 'file'>
  return {
    contentId: Number(fixed.readBigUInt64LE(32)),
    received: fixed.readDoubleLE(40),
    start,
    meta: rest.subarray(jsonLength),
    length: Number(fixed.readBigUInt64LE(56)),
    crc: fixed.readUInt32LE(64),
    file,
    dataOffset: FIXED + jsonLength + metaLength,
    total: Number(fixed.readBigUInt64LE(24)),
  }
}

function alignUp(value: number, to: number): number {
  return Math.ceil(value / to) * to
}
