import { expect, test } from 'vitest'
import { jpegProcess, markRGB, startOfFrame } from '../../shared/viewing/jpegHeader.ts'
import { rleToNative } from '../../shared/viewing/rle.ts'
import { nativeFrame, storedValues } from '../../shared/viewing/samples.ts'

const shape = { Rows: 1, Columns: 2, BitsAllocated: 16 }
const valuesOf = (words: number[], attributes: object) => {
  const all = { ...shape, ...attributes }
  return storedValues(nativeFrame(new Uint8Array(Uint16Array.from(words).buffer), all).samples, all)
}

test('overlay bits above HighBit are not pixels, and signs come from BitsStored', () => {
  const unsigned = { BitsStored: 12, HighBit: 11, PixelRepresentation: 0 }
  expect(valuesOf([0xf123, 0x0fff], unsigned)).toMatchObject({ min: 0x123, max: 0xfff })
  expect([...valuesOf([0x0123, 0x0fff], { ...unsigned, PixelRepresentation: 1 }).samples]).toEqual([0x123, -1])
})

test('values that do not end at the lowest bit are moved there', () => {
  expect([...valuesOf([0x1234, 0xfff0], { BitsStored: 12, HighBit: 15, PixelRepresentation: 0 }).samples]).toEqual([
    0x123, 0xfff,
  ])
  const signed = { BitsStored: 12, HighBit: 15, PixelRepresentation: 1 }
  expect([...valuesOf([0x1234, 0xfff0], signed).samples]).toEqual([0x123, -1])
})

test('bits that make no sense are those allocated', () => {
  expect([...valuesOf([7, 0xffff], { BitsStored: 0, HighBit: 99 }).samples]).toEqual([7, 0xffff])
  expect([...valuesOf([7, 0xffff], { BitsStored: 40 }).samples]).toEqual([7, 0xffff])
})

test('clean values stay where they are, whatever the depth', () => {
  const bytes = new Uint8Array(Uint16Array.of(1, 4095).buffer)
  const attributes = { ...shape, BitsStored: 12, HighBit: 11 }
  expect(storedValues(nativeFrame(bytes, attributes).samples, attributes).samples.buffer).toBe(bytes.buffer)
})

test('bytes at an odd address are read all the same', () => {
  const bytes = new Uint8Array([9, 1, 0, 2, 0]).subarray(1)
  expect([...nativeFrame(bytes, shape).samples]).toEqual([1, 2])
})

test('padding is left out of the range', () => {
  const values = Int16Array.of(-2000, 5, 9)
  const { min, max, withoutPadding } = storedValues(values, { PixelRepresentation: 1 }, { low: -2000, high: -2000 })
  expect([min, max, withoutPadding]).toEqual([-2000, 9, { min: 5, max: 9 }])
  const nothingElse = storedValues(Int16Array.of(7, 7), { PixelRepresentation: 1 }, { low: 7, high: 7 })
  expect(nothingElse.withoutPadding).toEqual({ min: 7, max: 7 })
  const above = storedValues(Float32Array.of(3, Number.NaN, 80, 5), {}, { low: 80, high: 90 })
  expect([above.min, above.max, above.withoutPadding]).toEqual([3, 80, { min: 3, max: 5 }])
  const between = storedValues(Uint32Array.of(4_000_000_000, 1, 7), { PixelRepresentation: 0 }, { low: 7, high: 7 })
  expect(between.withoutPadding).toEqual({ min: 1, max: 4_000_000_000 })
})

test('frames of single bits begin in the middle of a byte', () => {
  const attributes = { Rows: 1, Columns: 5, BitsAllocated: 1, BitsStored: 1, HighBit: 0 }
  expect([...nativeFrame(new Uint8Array([0b1010_0000, 0b10]), attributes, 5).samples]).toEqual([1, 0, 1, 0, 1])
})

test('an RLE frame that lies about its segments is refused in words', () => {
  const lying = new Uint8Array(64)
  lying[0] = 9
  const geometry = { count: 16, samplesPerPixel: 1, bytesPerSample: 2 }
  expect(() => rleToNative(lying, geometry)).toThrow('9 segments instead of 2')
  expect(() => rleToNative(lying.subarray(0, 10), geometry)).toThrow('cut short')
})

const jpeg = (marker: number, precision: number) =>
  new Uint8Array([0xff, 0xd8, 0xff, 0xe2, 0, 4, 1, 2, 0xff, marker, 0, 11, precision, 0, 1, 0, 2, 1, 0, 0x11, 0])

test('the JPEG frame header decides the process, whatever the transfer syntax says', () => {
  const [baseline = '', extended = '', lossless = '', j2k = ''] = ['50', '51', '70', '90'].map(
    n => `1.2.840.10008.1.2.4.${n}`,
  )
  expect(jpegProcess(jpeg(0xc0, 8), lossless)).toBe('dct8')
  expect(jpegProcess(jpeg(0xc1, 12), baseline)).toBe('dct12')
  expect(jpegProcess(jpeg(0xc3, 16), extended)).toBe('lossless')
  expect(jpegProcess(new Uint8Array(4), lossless)).toBe('lossless')
  expect(jpegProcess(jpeg(0xc0, 8), j2k)).toBeUndefined()
  expect(startOfFrame(jpeg(0xc0, 8))).toMatchObject({ rows: 1, columns: 2, precision: 8, marked: false })
})

test('RGB without a marker is told to the decoder; halved chroma is not', () => {
  const three = (sampling: number) =>
    new Uint8Array([
      ...[0xff, 0xd8, 0xff, 0xc0, 0, 17, 8, 0, 1, 0, 2, 3],
      ...[0, sampling, 0, 1, 0x11, 0, 2, 0x11, 0, 0xff, 0xda],
    ])
  expect(markRGB(three(0x11), 'RGB')).toHaveLength(three(0x11).length + 16)
  expect(markRGB(three(0x21), 'RGB')).toEqual(three(0x21))
  expect(markRGB(three(0x11), 'YBR_FULL')).toEqual(three(0x11))
})
