import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { chestRadiograph, crChest } from '../../electron/station/work/samples/chestRadiograph.ts'
import {
  ctTorso,
  SAMPLE_CT,
  torsoPixel,
  torsoSlice,
  torsoSliceHeight,
} from '../../electron/station/work/samples/ctTorso.ts'
import { HEAD_LANDMARKS, headSignal, T1 } from '../../electron/station/work/samples/head.ts'
import { CALCIFICATIONS, mammogram, mgPair } from '../../electron/station/work/samples/mammogram.ts'
import { MR_PLANES, mrBrain, mrCentre, mrSlice } from '../../electron/station/work/samples/mrBrain.ts'
import { HU, TORSO_LANDMARKS } from '../../electron/station/work/samples/torso.ts'
import { CINE, cineFrame, usCine } from '../../electron/station/work/samples/ultrasoundCine.ts'
import { readInstanceHeader } from '../../shared/dicom/instanceHeader.ts'
import { dcmtk } from '../dimse/harness.ts'
import { fileOf, temporaryFolder } from './withWork.ts'

/** Mean of the 3 × 3 pixels around a place. */
function meanAround(pixels: Uint16Array, columns: number, x: number, y: number): number {
  let sum = 0
  for (let dy = -1; dy <= 1; dy++) for (let dx = -1; dx <= 1; dx++) sum += pixels[(y + dy) * columns + x + dx]!
  return sum / 9
}

test.each([
  { slices: 60, matrix: 256 },
  { slices: 300, matrix: 512 },
])('the torso has each tissue at its density: $slices slices of $matrix', size => {
  const options = { ...size, variant: 'test' }
  for (const { tissue, at } of TORSO_LANDMARKS) {
    const [x, y, z] = at
    const heights = Array.from({ length: size.slices }, (_, index) =>
      Math.abs(torsoSliceHeight(index, size.slices) - z),
    )
    const slice = torsoSlice(heights.indexOf(Math.min(...heights)), options)
    const hu = meanAround(slice.pixels, size.matrix, torsoPixel(x, size.matrix), torsoPixel(y, size.matrix)) - 1024
    expect(Math.abs(hu - HU[tissue]), `${tissue}: ${hu} HU`).toBeLessThan(25)
  }
})

test('the head has each tissue where it belongs, in all three orientations at the same place', () => {
  for (const { tissue, at } of HEAD_LANDMARKS) expect(headSignal(...at), tissue).toBeCloseTo(T1[tissue], -1)
  const white = HEAD_LANDMARKS.find(({ tissue }) => tissue === 'white')!.at
  const fluid = HEAD_LANDMARKS.find(({ tissue }) => tissue === 'fluid')!.at
  for (const plane of MR_PLANES) {
    const signalAt = (place: readonly number[]) => {
      const along = (direction: readonly number[], centre: readonly number[]) =>
        direction.reduce((sum, part, axis) => sum + part * (place[axis]! - centre[axis]!), 0)
      const step = Math.hypot(...plane.step)
      const index = Math.round(along(plane.step, plane.first) / step ** 2)
      const centre = mrCentre(plane, index)
      const { pixels, columns } = mrSlice(plane, index)
      const x = Math.round(along(plane.row, centre) + (columns - 1) / 2)
      const y = Math.round(along(plane.column, centre) + (columns - 1) / 2)
      return meanAround(pixels, columns, x, y)
    }
    expect(signalAt(white) - signalAt(fluid), plane.name).toBeGreaterThan(350)
  }
})

test('the radiograph is MONOCHROME1: the spine absorbs most and has the lowest values, air the highest', () => {
  const { pixels, columns } = chestRadiograph()
  const spine = meanAround(pixels, columns, 512, 700)
  const lung = meanAround(pixels, columns, 250, 400)
  const air = meanAround(pixels, columns, 10, 40)
  expect(spine).toBeLessThan(lung)
  expect(lung).toBeLessThan(air)
})

test('the mammograms are mirrored, and only the left one has the calcifications', () => {
  const left = mammogram('L')
  const right = mammogram('R')
  const { columns } = left
  expect(meanAround(left.pixels, columns, 100, 640)).toBeGreaterThan(300)
  expect(meanAround(left.pixels, columns, columns - 20, 640)).toBe(0)
  expect(meanAround(right.pixels, columns, columns - 100, 640)).toBeGreaterThan(300)
  expect(meanAround(right.pixels, columns, 20, 640)).toBe(0)
  const brightest = (pixels: Uint16Array, column: number) =>
    Math.max(...[-1, 0, 1].map(dx => pixels[CALCIFICATIONS.row * columns + column + dx]!))
  expect(brightest(left.pixels, CALCIFICATIONS.column)).toBeGreaterThan(2400)
  const around = meanAround(left.pixels, columns, CALCIFICATIONS.column - 90, CALCIFICATIONS.row)
  expect(brightest(left.pixels, CALCIFICATIONS.column) - around).toBeGreaterThan(900)
})

test('the cine beats: its frames differ, the last runs into the first, and it is in colour', () => {
  const [first, middle] = [cineFrame(0), cineFrame(CINE.frames / 2)]
  expect(first.length).toBe(CINE.rows * CINE.columns * 3)
  expect(Buffer.compare(first, middle)).not.toBe(0)
  const coloured = (frame: Uint8Array) => {
    let count = 0
    for (let i = 0; i < frame.length; i += 3) if (Math.abs(frame[i]! - frame[i + 2]!) > 60) count++
    return count
  }
  expect(coloured(first)).toBeGreaterThan(1000)
})

/** The first object of each sample study. */
const oneOfEach = [mgPair(), usCine(), ctTorso(SAMPLE_CT), crChest(), mrBrain()].map(objects => objects.next().value!)

test('every sample is marked SYNTHETIC, and the names are in many scripts', () => {
  const names = new Map<string, string>()
  for (const sample of oneOfEach) {
    const header = readInstanceHeader(sample.dataSet, sample.TransferSyntaxUID)
    expect(header.damage).toBeUndefined()
    expect(header.flags).toEqual([])
    expect(header.synthetic).toBe(true)
    expect(header.PatientID).toMatch(/^SYNTHETIC-/)
    expect(header.attributes.ImageComments).toMatch(/^SYNTHETIC/)
    names.set(header.PatientName, header.lang)
  }
  expect(Object.fromEntries(names)).toEqual({
    'SYNTHETIC^YAMADA TAROU=山田^太郎=やまだ^たろう': 'ja',
    'SYNTHETIC^HONG GILDONG=洪^吉洞=홍^길동': 'ko',
    'SYNTHETIC^Διονύσιος': 'el',
    'SYNTHETIC^Людмила': 'ru',
    'SYNTHETIC^قباني لنزار': 'ar',
  })
})

test('the same options make the same bytes, another variant another study', () => {
  const first = (variant: string) => ctTorso({ slices: 2, matrix: 64, variant }).next().value!
  expect(first('a')).toEqual(first('a'))
  const header = (variant: string) => readInstanceHeader(first(variant).dataSet, first(variant).TransferSyntaxUID)
  expect(header('a').StudyInstanceUID).not.toBe(header('b').StudyInstanceUID)
})

test('DCMTK reads one file of each kind without complaint', async () => {
  const folder = await temporaryFolder()
  for (const [index, sample] of oneOfEach.entries()) {
    const file = join(folder, `${index}.dcm`)
    await writeFile(file, fileOf(sample))
    expect((await dcmtk('dcmftest', file)).output).toMatch(/^yes:/)
    const dump = await dcmtk('dcmdump', '+P', 'SOPClassUID', '+P', 'PixelData', file)
    expect(dump.code).toBe(0)
    expect(dump.output).toContain('PixelData')
    expect(dump.output).not.toMatch(/^[EW]:/m)
  }
})
