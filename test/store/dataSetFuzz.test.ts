import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { FragmentWalker } from '../../electron/station/store/fragmentWalker.ts'
import { locateFrame } from '../../electron/station/store/frameLocation.ts'
import { describePixels, readObjectHeader } from '../../electron/station/store/objectHeader.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { readFunctionalGroups } from '../../shared/dicom/functionalGroups.ts'
import { headerLines } from '../../shared/dicom/header.ts'
import { toDicomJson } from '../../shared/dicom/json.ts'
import { toNativeXml } from '../../shared/dicom/nativeModel.ts'
import { readFileMeta } from '../../shared/dicom/part10.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { reencodeElements } from '../../shared/dicom/reencode.ts'
import { spliceHeader } from '../../shared/dicom/splice.ts'
import { TS, transferSyntax } from '../../shared/dicom/uids.ts'
import { encapsulate } from '../../shared/dicom/writer.ts'
import { IsocenterError } from '../../shared/errors.ts'
import { below, createRandom, oneOf, type Random } from '../faults/random.ts'
import { dataSetBytes, smallCT } from '../fixtures/oddFiles.ts'
import { sharedFiles } from '../fixtures/sharedData.ts'

/**
 * Data sets of real files and of our own, with lengths, tags, VRs and delimiters made wrong, through all that reads one without decoding
 * it: header, fragments, frames, metadata, functional groups, splicing, another layout. ISOCENTER_FUZZ=200000 for as many.
 */
const DATA_SETS = Number(process.env.ISOCENTER_FUZZ ?? 800)
const SEED = Number(process.env.ISOCENTER_SEED ?? 1)
/** Larger ones say no more, and fewer of them pass. */
const LARGEST_FILE = 40 * 1024
const PIXEL_DATA = 0x7fe00010

interface Sample {
  name: string
  bytes: Buffer
  TransferSyntaxUID: string
}

function samples(): [Sample, ...Sample[]] {
  const compressed = { NumberOfFrames: 3, PixelData: encapsulate(Array(3).fill([new Uint8Array(20)]), { bot: true }) }
  const nested = {
    ReferencedStudySequence: [
      { ReferencedSOPInstanceUID: '1.2', PurposeOfReferenceCodeSequence: [{ CodeValue: 'a' }] },
    ],
  }
  const ours = [
    TS.ExplicitVRLittleEndian,
    TS.ImplicitVRLittleEndian,
    TS.ExplicitVRBigEndian,
    TS.JPEGBaseline8Bit,
    TS.RLELossless,
  ].map(TransferSyntaxUID => {
    const more = transferSyntax(TransferSyntaxUID).encapsulated ? compressed : {}
    const bytes = Buffer.from(dataSetBytes(smallCT({ ...nested, ...more }), TransferSyntaxUID))
    return { name: TransferSyntaxUID, bytes, TransferSyntaxUID }
  })
  const real = sharedFiles().flatMap(({ name, path, bytes: size }) => {
    if (size > LARGEST_FILE) return []
    const file = readFileSync(path)
    const meta = readFileMeta(file)
    if (!meta || transferSyntax(meta.TransferSyntaxUID).deflated) return []
    return [{ name, bytes: file.subarray(meta.dataSetOffset), TransferSyntaxUID: meta.TransferSyntaxUID }]
  })
  const [first, ...rest] = [...ours, ...real]
  return [first!, ...rest]
}

/** What stands where a length, a tag or a VR is read. */
const TRAPS = [
  'ffffffff',
  'feffffff',
  '00000080',
  'ffff0000',
  '00000000',
  '01000000',
  'feff00e0ffffffff',
  'feff0de000000000',
  'feffdde000000000',
  'e07f1000',
  'e07f10004f570000ffffffff',
  '08000500',
  '53510000ffffffff',
  '554e0000ffffffff',
] as const

function mutated(random: Random, original: Buffer, others: readonly [Sample, ...Sample[]]): Buffer {
  let bytes = Buffer.from(original)
  // Half of the damage where most elements are: at the start.
  const where = () => below(random, random() < 0.5 ? Math.min(600, bytes.length) : Math.max(1, bytes.length))
  for (let n = 1 + below(random, 5); n > 0 && bytes.length > 0; n--) {
    const at = where()
    const length = 1 + below(random, 64)
    const kind = below(random, 8)
    if (kind === 0) bytes[at] = below(random, 256)
    else if (kind === 1) Buffer.from(oneOf(random, TRAPS), 'hex').copy(bytes, at)
    else if (kind === 2) Buffer.from(oneOf(random, TRAPS), 'hex').copy(bytes, at - (at % 2))
    else if (kind === 3) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)])
    else if (kind === 4) bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)])
    else if (kind === 5) bytes = bytes.subarray(0, at)
    else if (kind === 6) {
      if (bytes.length >= 2) bytes.writeUInt16LE(below(random, 2 ** 16), Math.min(at, bytes.length - 2))
    } else {
      const other = oneOf(random, others).bytes
      const from = below(random, other.length)
      bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + 200), bytes.subarray(at)])
    }
  }
  return bytes
}

/** What a refusal in words may be: everything else is ours. */
function allowed(error: unknown): boolean {
  return error instanceof IsocenterError && error.code !== 'internal'
}

async function through(bytes: Buffer, TransferSyntaxUID: string, random: Random): Promise<number> {
  const header = await readObjectHeader(bytes, TransferSyntaxUID)
  const { pixels } = header
  let walker: FragmentWalker | undefined
  if (pixels?.undefinedLength) {
    walker = new FragmentWalker(pixels.valueOffset)
    for (let at = pixels.valueOffset; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + 1 + below(random, 5000))
      walker.feed(piece)
      at += piece.length
    }
  }
  const { framePlan } = describePixels(header, TransferSyntaxUID, bytes.length, walker)
  const place = {
    contentId: 1,
    path: '/x',
    fileOffset: 0,
    TransferSyntaxUID,
    dataSetOffset: 0,
    dataSetLength: bytes.length,
  }
  let frames = 0
  for (const frame of framePlan && framePlan.frames > 0 ? [1, framePlan.frames] : []) {
    const location = locateFrame(framePlan!, frame, place)
    // Nothing is read outside what is there.
    for (const [offset, length] of location?.ranges ?? []) {
      expect(offset >= 0 && length >= 0 && offset + length <= bytes.length).toBe(true)
      frames += 1
    }
  }
  const dataSet = DataSet.read(bytes, encodingOf(TransferSyntaxUID), { stopAt: PIXEL_DATA })
  toNativeXml(toDicomJson(dataSet, { bulkDataURI: path => path }))
  headerLines(dataSet, 2000)
  if (header.enhanced) readFunctionalGroups(dataSet, header.NumberOfFrames)
  for (const act of [
    () => spliceHeader(dataSet, { PatientName: 'A^B', PatientID: 'C' }, 0),
    () => reencodeElements(dataSet, { explicit: true, littleEndian: true }),
    () => reencodeElements(dataSet, { explicit: false, littleEndian: true }),
  ]) {
    try {
      act()
    } catch (error) {
      if (!allowed(error)) throw error
    }
  }
  return frames
}

test(`${DATA_SETS} data sets, each a little wrong, are read as far as they go (seed ${SEED})`, {
  timeout: 3_600_000,
}, async () => {
  const all = samples()
  let withFrames = 0
  const wrong: string[] = []
  for (let i = 0; i < DATA_SETS && wrong.length < 5; i++) {
    const seed = SEED * 1_000_003 + i
    const random = createRandom(seed)
    const { name, bytes, TransferSyntaxUID } = oneOf(random, all)
    try {
      if ((await through(mutated(random, bytes, all), TransferSyntaxUID, random)) > 0) withFrames += 1
    } catch (error) {
      wrong.push(`${seed} (${name}): ${error instanceof Error ? error.stack : String(error)}`)
    }
  }
  expect(wrong).toEqual([])
  // It was more than rubbish.
  expect(withFrames).toBeGreaterThan(DATA_SETS / 10)
  if (process.env.ISOCENTER_FUZZ) {
    globalThis.gc?.()
    const { rss, heapUsed } = process.memoryUsage()
    console.log(`${withFrames} of ${DATA_SETS} with frames, rss ${rss >> 20} MiB, heap ${heapUsed >> 20} MiB`)
  }
})
