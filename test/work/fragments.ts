import { readElements } from '../../shared/dicom/reader.ts'

/** All fragments of a data set's encapsulated PixelData (of one frame) as one codestream, the Basic Offset Table left out. */
export function encapsulatedFragments(dataSet: Uint8Array): Uint8Array {
  const { elements } = readElements(dataSet, { explicit: true, littleEndian: true }, { stopAt: 0x7fe00010 })
  let at = elements.at(-1)!.valueOffset
  const view = new DataView(dataSet.buffer, dataSet.byteOffset, dataSet.byteLength)
  const items: Uint8Array[] = []
  while (view.getUint16(at + 2, true) === 0xe000) {
    const length = view.getUint32(at + 4, true)
    items.push(dataSet.subarray(at + 8, at + 8 + length))
    at += 8 + length
  }
  return Buffer.concat(items.slice(1))
}
