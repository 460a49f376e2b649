import type { FramePlan } from '../../../shared/dicom/frames.ts'
import type { FrameLocation, Place } from './index.ts'

interface DataSetPlace extends Place {
  TransferSyntaxUID: string
  dataSetLength: number
}

/** Turns a plan, which counts from the data set's first byte, into ranges of a file. Null when there is no such frame. `frame` is 1-based. */
export function locateFrame(plan: FramePlan, frame: number, place: DataSetPlace): FrameLocation | null {
  const { dataSetLength, ...same } = place
  const { dataSetOffset } = same
  const location: FrameLocation = {
    ...same,
    NumberOfFrames: plan.frames,
    kind: plan.kind,
    ranges: [],
    bitOffset: 0,
    bits: 0,
    sampleBytes: 1,
    inflatedOffset: 0,
    inflatedLength: 0,
  }
  const inFile = (offset: number, length: number): [number, number] => [dataSetOffset + offset, length]
  if (plan.kind === 'stream') return { ...location, ranges: [inFile(plan.offset, dataSetLength - plan.offset)] }
  const index = frame - 1
  if (!Number.isInteger(index) || index < 0 || index >= plan.frames) return null
  // Where 1-bit frames begin inside a byte, the bytes that hold the frame's bits.
  const bits = plan.bits ?? plan.frameLength * 8
  const firstBit = index * bits
  const start = plan.offset + Math.floor(firstBit / 8)
  const bitOffset = firstBit % 8
  const length = Math.ceil((bitOffset + bits) / 8)
  switch (plan.kind) {
    case 'range':
      location.ranges = plan.ranges?.[index]?.map(([offset, bytes]) => inFile(offset, bytes)) ?? [inFile(start, length)]
      return location
    case 'swap':
      // 8-bit samples in big endian words: a frame of an odd length ends within one (its last byte is padded to, PS3.5 §8.1.1).
      return {
        ...location,
        ranges: [inFile(start, Math.min(length + (length % (plan.sampleBytes ?? 2)), dataSetLength - start))],
        sampleBytes: plan.sampleBytes ?? 2,
      }
    case 'bits':
      return { ...location, ranges: [inFile(start, length)], bitOffset, bits }
    case 'inflate':
      return {
        ...location,
        ranges: [inFile(0, dataSetLength)],
        inflatedOffset: start,
        inflatedLength: length,
        ...(plan.bits !== undefined && { bitOffset, bits }),
      }
    case 'whole':
      return null
  }
}
