import { readFileSync } from 'node:fs'
import { expect, onTestFinished, test, vi } from 'vitest'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { createHeaderReader } from '../../shared/dicom/headerTemplates.ts'
import { readInstanceHeader } from '../../shared/dicom/instanceHeader.ts'
import { readFileMeta } from '../../shared/dicom/part10.ts'
import { DataSet, type ElementSpan } from '../../shared/dicom/reader.ts'
import { TS, transferSyntax } from '../../shared/dicom/uids.ts'
import type { NewDataSet } from '../../shared/dicom/writer.ts'
import { below, createRandom, type Random } from '../faults/random.ts'
import { dataSetBytes, smallCT } from '../fixtures/oddFiles.ts'
import { sharedFiles } from '../fixtures/sharedData.ts'

const SEED = Number(process.env.ISOCENTER_SEED ?? 1)
/** Of each sample. */
const VARIANTS = Number(process.env.ISOCENTER_FUZZ ?? 4)
const LARGEST_FILE = 64 * 1024
const PIXEL_DATA = 0x7fe00010

/** How often a whole data set is read from now on. */
function countReads(): () => number {
  const read = vi.spyOn(DataSet, 'read')
  onTestFinished(() => void read.mockRestore())
  return () => read.mock.calls.length
}

function slice(number: number, more: NewDataSet = {}): Uint8Array {
  return dataSetBytes(
    smallCT({
      SOPInstanceUID: `1.2.3.${number}`,
      InstanceNumber: number,
      SliceLocation: number / 2,
      ImagePositionPatient: [-180, -180.5, number * 1.25],
      AcquisitionTime: `1211${String(10 + number)}`,
      WindowCenter: [40 + number, 300],
      '00290010': { vr: 'LO', value: 'SOMEBODY' },
      '00291010': { vr: 'OB', value: Uint8Array.from({ length: 8 }, (_, i) => i * number) },
      ...more,
    }),
  )
}

test('the images of a series are read by the first of them, each as if it were read alone', () => {
  const read = createHeaderReader()
  const slices = Array.from({ length: 120 }, (_, i) => slice(i + 1))
  const alone = slices.map(bytes => readInstanceHeader(bytes, TS.ExplicitVRLittleEndian))
  const reads = countReads()
  for (const [i, bytes] of slices.entries()) expect(read(bytes, TS.ExplicitVRLittleEndian)).toEqual(alone[i])
  expect(reads()).toBe(1)
})

test('what others hang on is never taken over from another image', () => {
  const changes: NewDataSet[] = [
    { SpecificCharacterSet: 'ISO_IR 192', PatientName: 'Müller' },
    { PatientID: 'SYNTHETIC-2' },
    { PatientName: '' },
    { StudyDate: 'yesterday' },
    { InstanceNumber: { vr: 'IS', value: 'one' } },
    { SOPInstanceUID: '1.2.003' },
    { PixelRepresentation: 0 },
    { PhotometricInterpretation: 'MONOCHROME1' },
    { NumberOfFrames: 2 },
    { PixelIntensityRelationship: 'LOG' },
    { RescaleSlope: 2.5 },
    { ImagePositionPatient: [1, 2] },
    { RequestedProcedurePriority: 'STAT' },
  ]
  for (const change of changes) {
    const read = createHeaderReader()
    for (const bytes of [slice(1), slice(2, change), slice(3), slice(4, change)]) {
      expect(read(bytes, TS.ExplicitVRLittleEndian)).toEqual(readInstanceHeader(bytes, TS.ExplicitVRLittleEndian))
    }
  }
})

test('padding before the first element ends an image, whatever stood there in the one before', () => {
  const read = createHeaderReader()
  const behind = (value: number[]) =>
    Uint8Array.from([0, 0, 0, 0, 0x55, 0x4c, value.length, 0, ...value, ...slice(value.length + 1)])
  for (const bytes of [behind([1, 2, 3, 4]), behind([])]) {
    expect(read(bytes, TS.ExplicitVRLittleEndian)).toEqual(readInstanceHeader(bytes, TS.ExplicitVRLittleEndian))
  }
})

test('what a profile assumes belongs to its sender', () => {
  const read = createHeaderReader()
  const assumed = { SpecificCharacterSet: 'ISO_IR 100', IssuerOfPatientID: 'HERE' }
  for (const assuming of [undefined, assumed, undefined, { ...assumed, IssuerOfPatientID: 'THERE' }]) {
    const bytes = slice(1)
    expect(read(bytes, TS.ExplicitVRLittleEndian, assuming)).toEqual(
      readInstanceHeader(bytes, TS.ExplicitVRLittleEndian, assuming),
    )
  }
})

test('nothing is kept of the bytes an image was read from', () => {
  const read = createHeaderReader()
  // The store's own: one buffer for all.
  const memory = Buffer.alloc(64 << 10)
  for (const number of [1, 2, 3]) {
    const bytes = slice(number)
    memory.set(bytes)
    expect(read(memory.subarray(0, bytes.length), TS.ExplicitVRLittleEndian)).toEqual(
      readInstanceHeader(bytes, TS.ExplicitVRLittleEndian),
    )
  }
})

test(`${VARIANTS} variants of each sample are read as they are read alone (seed ${SEED})`, {
  timeout: 3_600_000,
}, () => {
  const random = createRandom(SEED)
  const reads = countReads()
  let expected = 0
  for (const { name, bytes, TransferSyntaxUID } of samples()) {
    const read = createHeaderReader()
    for (let i = 0; i < VARIANTS; i++) {
      read(bytes, TransferSyntaxUID)
      const variant = varied(random, bytes, TransferSyntaxUID)
      const header = read(variant, TransferSyntaxUID)
      expect(header, `${name}, variant ${i}`).toEqual(readInstanceHeader(variant, TransferSyntaxUID))
      expected += 4
    }
  }
  // A whole reading of the variant alone, one of its elements to vary them, and now and then one of the variant itself.
  expect(reads()).toBeLessThan(expected * 0.85)
})

function samples(): Array<{ name: string; bytes: Uint8Array; TransferSyntaxUID: string }> {
  const ours = [TS.ExplicitVRLittleEndian, TS.ImplicitVRLittleEndian, TS.ExplicitVRBigEndian].map(
    TransferSyntaxUID => ({
      name: TransferSyntaxUID,
      bytes: dataSetBytes(
        smallCT({
          ReferencedStudySequence: [{ ReferencedSOPInstanceUID: '1.2' }],
          SliceLocation: 3,
          ImageComments: 'a',
        }),
        TransferSyntaxUID,
      ),
      TransferSyntaxUID,
    }),
  )
  const real = sharedFiles().flatMap(({ name, path, bytes: size }) => {
    if (size > LARGEST_FILE) return []
    const file = readFileSync(path)
    const meta = readFileMeta(file)
    if (!meta || transferSyntax(meta.TransferSyntaxUID).deflated) return []
    return [
      { name, bytes: Uint8Array.from(file.subarray(meta.dataSetOffset)), TransferSyntaxUID: meta.TransferSyntaxUID },
    ]
  })
  return [...ours, ...real]
}

/** Other values in some elements, of other lengths at times; now and then a byte anywhere, or the end too early. */
function varied(random: Random, original: Uint8Array, transferSyntaxUID: string): Uint8Array {
  const { elements, encoding } = DataSet.read(original, encodingOf(transferSyntaxUID), { stopAt: PIXEL_DATA })
  let bytes = Uint8Array.from(original)
  // From behind, so that the places before it stand.
  for (const span of elements.toReversed()) {
    if (span.tag === PIXEL_DATA || span.undefinedLength || random() > 3 / elements.length) continue
    bytes = withValue(random, bytes, span, encoding)
  }
  if (random() < 0.1) bytes[below(random, Math.min(bytes.length, 2000))] = below(random, 256)
  return random() < 0.05 ? bytes.subarray(0, below(random, bytes.length)) : bytes
}

function withValue(
  random: Random,
  bytes: Uint8Array<ArrayBuffer>,
  { headerOffset, valueOffset, length }: ElementSpan,
  { explicit, littleEndian }: { explicit: boolean; littleEndian: boolean },
): Uint8Array<ArrayBuffer> {
  if (valueOffset + length > bytes.length) return bytes
  const value = Array.from(bytes.subarray(valueOffset, valueOffset + length))
  for (let n = 1 + below(random, 3); n > 0 && value.length > 0; n--) {
    const at = below(random, value.length)
    const isDigit = (value[at] ?? 0) >= 0x30 && (value[at] ?? 0) <= 0x39
    value[at] = isDigit && random() < 0.8 ? 0x30 + below(random, 10) : below(random, 256)
  }
  if (random() < 0.3) value.push(0x31, 0x20)
  else if (random() < 0.1) value.length = 0
  const varied = new Uint8Array(bytes.length - length + value.length)
  varied.set(bytes.subarray(0, valueOffset))
  varied.set(value, valueOffset)
  varied.set(bytes.subarray(valueOffset + length), valueOffset + value.length)
  const view = new DataView(varied.buffer)
  if (explicit && valueOffset - headerOffset === 8) view.setUint16(headerOffset + 6, value.length, littleEndian)
  else view.setUint32(valueOffset - 4, value.length, littleEndian)
  return varied
}
