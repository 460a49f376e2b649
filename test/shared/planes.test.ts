import { expect, test } from 'vitest'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { overlayGroups, readOverlays } from '../../shared/dicom/overlays.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { frameTimes } from '../../shared/viewing/cine.ts'
import type { DisplayShutter } from '../../shared/viewing/draft.ts'
import { overlayMask, withEmbeddedBits } from '../../shared/viewing/overlay.ts'
import { coveredByBoth, shutterGrey, shutterMask, shuttersIn } from '../../shared/viewing/shutter.ts'

/** Explicit VR little endian elements of group 60xx, in order. */
function elements(list: Array<[element: number, vr: string, value: number[]]>, group = 0x6000): Uint8Array {
  const bytes: number[] = []
  const word = (value: number) => bytes.push(value & 0xff, (value >> 8) & 0xff)
  for (const [element, vr, values] of list) {
    word(group)
    word(element)
    bytes.push(...Buffer.from(vr))
    const value: number[] = []
    if (vr === 'US' || vr === 'SS') for (const each of values) value.push(each & 0xff, (each >> 8) & 0xff)
    else value.push(...values)
    if (vr === 'OW' || vr === 'OB') {
      word(0)
      word(value.length)
      word(0)
    } else word(value.length)
    bytes.push(...value)
  }
  return Uint8Array.from(bytes)
}

const IS = (text: string): [string, number[]] => ['IS', [...Buffer.from(text)]]
const modality = [0x08, 0, 0x60, 0, 0x43, 0x53, 2, 0, 0x4f, 0x54]
const read = (bytes: Uint8Array) =>
  DataSet.read(Uint8Array.from([...modality, ...bytes]), encodingOf(TS.ExplicitVRLittleEndian))
const rows = (mask: Uint8Array, columns: number) =>
  Array.from({ length: mask.length / columns }, (_, row) => mask.slice(row * columns, (row + 1) * columns).join(''))

test('an overlay lies where its origin says; what is outside the image is cut off', () => {
  // 2 rows of 3: 101 and 011, first bit lowest.
  const dataSet = read(
    elements([
      [0x0010, 'US', [2]],
      [0x0011, 'US', [3]],
      [0x0050, 'SS', [0, 3]],
      [0x0100, 'US', [1]],
      [0x3000, 'OW', [0b110101, 0]],
    ]),
  )
  const [overlay] = readOverlays(dataSet, 1)
  expect(overlay).toMatchObject({ group: 0x6000, Rows: 2, Columns: 3, OverlayOrigin: [0, 3] })
  expect(rows(overlayMask([overlay!], 3, 4), 4)).toEqual(['0001', '0000', '0000'])
  expect(rows(overlayMask([{ ...overlay!, OverlayOrigin: [1, 1] }], 3, 4), 4)).toEqual(['1010', '0110', '0000'])
})

test('the frames of an overlay belong to frames of the image', () => {
  // Three frames of 3 bits, for the image's frames 2, 3 and 4.
  const dataSet = read(
    elements([
      [0x0010, 'US', [1]],
      [0x0011, 'US', [3]],
      [0x0015, ...IS('3 ')],
      [0x0050, 'SS', [1, 1]],
      [0x0051, 'US', [2]],
      [0x0100, 'US', [1]],
      [0x3000, 'OW', [0b01_100_001, 0b0]],
    ]),
  )
  const shown = (frame: number) => rows(overlayMask(readOverlays(dataSet, frame), 1, 3), 3)[0]
  expect([1, 2, 3, 4, 5].map(shown)).toEqual(['000', '100', '001', '100', '000'])
})

test('an overlay in the unused bits of the pixels is taken from them', () => {
  const dataSet = read(
    elements([
      [0x0010, 'US', [1]],
      [0x0011, 'US', [3]],
      [0x0050, 'SS', [1, 1]],
      [0x0100, 'US', [16]],
      [0x0102, 'US', [12]],
    ]),
  )
  const told = readOverlays(dataSet, 1)
  const [overlay] = withEmbeddedBits(told, Uint16Array.of(0x0123, 0x1fff, 0x1000))
  expect(rows(overlayMask([overlay!], 1, 3), 3)).toEqual(['011'])
  expect(withEmbeddedBits([overlay!], new Uint8Array())).toEqual([overlay])
  // What has not got the bit, or is cut short, has no plane.
  expect(withEmbeddedBits(told, Uint8Array.of(1, 2, 3))).toEqual([])
  expect(withEmbeddedBits(told, Uint16Array.of(0x1000))).toEqual([])
})

test('impossible overlays are left out', () => {
  const wide = (columns: number, data: number[]) =>
    read(
      elements([
        [0x0010, 'US', [1]],
        [0x0011, 'US', [columns]],
        [0x0100, 'US', [1]],
        [0x3000, 'OW', data],
      ]),
    )
  expect(readOverlays(wide(0, [1, 0]), 1)).toEqual([])
  expect(readOverlays(wide(60_000, [1, 0]), 1)).toEqual([])
  expect(readOverlays(wide(3, []), 1)).toEqual([])
  expect(overlayGroups(read(new Uint8Array()))).toEqual([])
  // Data that ends early leaves the rest empty.
  const [short] = readOverlays(wide(64, [1, 0]), 1)
  expect(overlayMask([short!], 1, 64).reduce((sum, bit) => sum + bit, 0)).toBe(1)
})

test('shutters: edges are the image’s, shapes cover together, the value outside is a P-value', () => {
  const rectangle = {
    ShutterShape: ['RECTANGULAR'],
    ShutterLeftVerticalEdge: 2,
    ShutterRightVerticalEdge: 3,
    ShutterUpperHorizontalEdge: 1,
    ShutterLowerHorizontalEdge: 2,
  }
  expect(rows(shutterMask(rectangle, 3, 4)!, 4)).toEqual(['0110', '0110', '0000'])
  const circle = { ShutterShape: ['CIRCULAR'], CenterOfCircularShutter: [2, 2], RadiusOfCircularShutter: 1 }
  expect(rows(shutterMask(circle, 3, 4)!, 4)).toEqual(['0100', '1110', '0100'])
  const both = { ...rectangle, ...circle, ShutterShape: ['RECTANGULAR', 'CIRCULAR'] }
  expect(rows(shutterMask(both, 3, 4)!, 4)).toEqual(['0100', '0110', '0000'])
  const triangle = { ShutterShape: ['POLYGONAL'], VerticesOfThePolygonalShutter: [1, 1, 3, 1, 3, 3] }
  expect(rows(shutterMask(triangle, 3, 4)!, 4)).toEqual(['1000', '1100', '1110'])
  const bitmap = Uint8Array.of(1, 0, 0, 1)
  expect(rows(shutterMask({ ShutterShape: ['BITMAP'] }, 2, 2, bitmap)!, 2)).toEqual(['01', '10'])
  expect(shutterGrey({})).toBe(0)
  expect(shutterGrey({ ShutterPresentationValue: 0xffff })).toBe(255)
})

test('a shutter that lacks what it takes hides nothing', () => {
  expect(shutterMask({}, 2, 2)).toBeUndefined()
  expect(shutterMask({ ShutterShape: ['RECTANGULAR'] }, 2, 2)).toBeUndefined()
  expect(shutterMask({ ShutterShape: ['POLYGONAL'], VerticesOfThePolygonalShutter: [1, 1] }, 2, 2)).toBeUndefined()
})

test('each frame of a cine stays as long as its vector says', () => {
  expect(frameTimes({ FrameTimeVector: [0, 40, 20, 30] }, 4)).toEqual([40, 20, 30, 30])
  expect(frameTimes({ FrameTimeVector: [40, 20, 30] }, 4)).toEqual([40, 20, 30, 30])
  expect(frameTimes({ FrameTime: 33 }, 2)).toEqual([33, 33])
  expect(frameTimes({ CineRate: 25, RecommendedDisplayFrameRate: 50 }, 2)).toEqual([20, 20])
  expect(frameTimes({}, 1)).toEqual([1000 / 15])
  // Nothing so short that the display cannot show it, nothing so long that it seems to have stopped.
  expect(frameTimes({ FrameTimeVector: [0, 1, 90_000] }, 3).slice(0, 2)).toEqual([1000 / 60, 2000])
})

test('a shutter of the reader’s over images with one of their own: one state covers what either covers, and says which is his', () => {
  const [rows, columns] = [40, 60]
  const rectangle = (left: number, right: number): DisplayShutter => ({
    ShutterShape: ['RECTANGULAR'],
    ShutterLeftVerticalEdge: left,
    ShutterRightVerticalEdge: right,
    ShutterUpperHorizontalEdge: 5,
    ShutterLowerHorizontalEdge: 35,
  })
  const circle = (column: number): DisplayShutter => ({
    ShutterShape: ['CIRCULAR'],
    CenterOfCircularShutter: [20, column],
    RadiusOfCircularShutter: 15,
  })
  const triangle = (column: number): DisplayShutter => ({
    ShutterShape: ['POLYGONAL'],
    VerticesOfThePolygonalShutter: [2, column, 38, column + 20, 38, column - 20],
  })
  const maskOf = (shutter: object) => shutterMask(shutter, rows, columns)!
  const shapes = [rectangle(10, 40), rectangle(20, 50), circle(25), circle(35), triangle(25), triangle(30)]
  const owns = [
    ...shapes.map(one => [one]),
    [rectangle(10, 40), circle(25)],
    [rectangle(8, 50), circle(28), triangle(30)],
  ]
  for (const own of owns) {
    expect(coveredByBoth(own, undefined)).toEqual(
      Object.assign({}, ...own, { ShutterShape: own.map(one => one.ShutterShape[0]) }),
    )
    for (const reader of shapes) {
      const both = coveredByBoth(own, reader)!
      const mask = maskOf(both)
      const [ownMask, readerMask] = [maskOf(coveredByBoth(own, undefined)!), maskOf(reader)]
      const names = both.ShutterShape!
      expect(new Set(names).size).toBe(names.length)
      // Never anything of what the images cover; of what the reader covers the corners of a second polygon at most.
      expect(mask.some((open, at) => open === 1 && ownMask[at] === 0)).toBe(false)
      const isExact =
        !own.some(one => one.ShutterShape[0] === reader.ShutterShape[0]) || reader.ShutterShape[0] === 'RECTANGULAR'
      if (isExact) expect([...mask]).toEqual([...ownMask].map((open, at) => open & readerMask[at]!))
      // Read back and saved once more it is the same.
      const known = own.map(one => JSON.stringify(one))
      const his = shuttersIn(both).find(one => !known.includes(JSON.stringify(one)))
      expect(coveredByBoth(own, his)).toEqual(both)
    }
  }
  expect(coveredByBoth([], undefined)).toBeUndefined()
  expect(coveredByBoth([], circle(25))).toEqual(circle(25))
})
