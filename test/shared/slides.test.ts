import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { type DicomJson, toDicomJson } from '../../shared/dicom/json.ts'
import { readFileMeta } from '../../shared/dicom/part10.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { readSlidePart, type SlidePart } from '../../shared/viewing/slides/readSlide.ts'
import { makeSlide, type Slide } from '../../shared/viewing/slides/slide.ts'
import {
  boxOn,
  fitSlide,
  heldView,
  levelFor,
  seenBox,
  slideToScreen,
  tilesInView,
  zoomSlideAbout,
} from '../../shared/viewing/slides/view.ts'
import { applyMatrix, invertMatrix } from '../../shared/viewing/view.ts'
import { sharedFiles } from '../fixtures/sharedData.ts'
import { HOLE, LEVELS, slideFiles } from '../fixtures/slides.ts'

function headerOf(bytes: Uint8Array): DicomJson {
  const meta = readFileMeta(bytes)!
  const dataSet = DataSet.read(bytes, encodingOf(meta.TransferSyntaxUID), { offset: meta.dataSetOffset })
  return toDicomJson(dataSet, { bulkDataURI: () => 'elsewhere' })
}

const HEADERS = slideFiles().map(({ bytes }) => headerOf(bytes))
const PARTS = HEADERS.slice(0, 3).map(header => readSlidePart(header)!)
const SLIDE = makeSlide(PARTS)!
const ALL = { x0: 0, y0: 0, x1: 1e9, y1: 1e9 }
const part = (change: Partial<SlidePart>): SlidePart => ({
  columns: 1000,
  rows: 600,
  tileColumns: 256,
  tileRows: 256,
  frames: 12,
  spacing: [0.001, 0.001],
  origin: undefined,
  orientation: [],
  paths: [{ id: '1', name: '' }],
  focalPlanes: 1,
  concatenation: '',
  framesBefore: 0,
  absent: undefined,
  places: undefined,
  ...change,
})

describe('a pyramid', () => {
  test('has its levels from the largest on, each where it lies on the largest', () => {
    expect(SLIDE.levels.map(({ columns, rows }) => [columns, rows])).toEqual(
      LEVELS.map(({ columns, rows }) => [columns, rows]),
    )
    expect(SLIDE.levels.map(({ scale }) => scale[0])).toEqual(LEVELS.map(({ scale }) => scale))
    expect(SLIDE.levels.every(({ at }) => at[0] === 0 && at[1] === 0)).toBe(true)
    expect(SLIDE.layers).toEqual([{ path: 'Brightfield', plane: 1 }])
    expect(SLIDE.absent).toEqual([61680, 32896, 32896])
  })

  test('gives the tiles of a box: by their order where it is full, by their own word where it is sparse', () => {
    const [base, middle, smallest] = SLIDE.levels as [Slide['levels'][0], Slide['levels'][0], Slide['levels'][0]]
    // Row by row: 32 tiles across.
    expect(base.tilesIn(0, { x0: 300, y0: 520, x1: 600, y1: 530 })).toEqual([
      { part: 1, frame: 2 * 32 + 2, x: 256, y: 512 },
      { part: 1, frame: 2 * 32 + 3, x: 512, y: 512 },
    ])
    expect(base.tilesIn(0, ALL)).toHaveLength(32 * 24)
    expect(smallest.tilesIn(0, ALL)).toHaveLength(4)
    const sparse = middle.tilesIn(0, ALL)
    expect(sparse).toHaveLength(47)
    expect(sparse.some(({ x, y }) => x === HOLE.column * 256 && y === HOLE.row * 256)).toBe(false)
    // The frame after the hole is the one that says it lies there, not the one whose turn it would be.
    const after = sparse.find(({ x, y }) => x === (HOLE.column + 1) * 256 && y === HOLE.row * 256)
    expect(after?.frame).toBe(HOLE.row * 8 + HOLE.column + 1)
  })

  test('finds sparse tiles that lie on no grid', () => {
    const places = [{ frame: 7, x: 200, y: 100, z: 0, path: '1' }]
    const [level] = makeSlide([part({ places })])!.levels
    expect(level!.tilesIn(0, { x0: 400, y0: 300, x1: 420, y1: 320 })).toEqual([{ part: 0, frame: 7, x: 200, y: 100 }])
    expect(level!.tilesIn(0, { x0: 456, y0: 300, x1: 500, y1: 320 })).toEqual([])
  })

  test('counts planes before paths, and goes on through a concatenation (PS3.3 C.7.6.17.3)', () => {
    const paths = [
      { id: 'a', name: 'DAPI' },
      { id: 'b', name: 'FITC' },
    ]
    // 4 × 3 tiles, 2 planes, 2 paths: 48 frames in two instances.
    const common = { paths, focalPlanes: 2, concatenation: 'one', frames: 24 }
    const slide = makeSlide([part({ ...common, framesBefore: 24 }), part(common)])!
    expect(slide.layers.map(({ path, plane }) => `${path} ${plane}`)).toEqual(['DAPI 1', 'DAPI 2', 'FITC 1', 'FITC 2'])
    const first = (layer: number) => slide.levels[0]!.tilesIn(layer, { x0: 0, y0: 0, x1: 1, y1: 1 })[0]
    expect([0, 1, 2, 3].map(first).map(one => [one?.part, one?.frame])).toEqual([
      [1, 1],
      [1, 13],
      [0, 1],
      [0, 13],
    ])
  })

  test('a smaller level made at one depth alone stands for all of them, but not for another light', () => {
    const deep = part({ focalPlanes: 3, frames: 36, paths: [{ id: '1', name: 'Brightfield' }] })
    const flat = part({
      columns: 500,
      rows: 300,
      spacing: [0.002, 0.002],
      frames: 4,
      paths: [{ id: '1', name: 'one' }],
    })
    const smaller = makeSlide([deep, flat])!.levels[1]!
    expect([0, 1, 2].map(layer => smaller.tilesIn(layer, ALL).length)).toEqual([4, 4, 4])
    const paths = [
      { id: 'a', name: 'DAPI' },
      { id: 'b', name: 'FITC' },
    ]
    const lit = makeSlide([part({ paths, frames: 24 }), { ...flat, paths: paths.slice(0, 1) }])!.levels[1]!
    expect([0, 1].map(layer => lit.tilesIn(layer, ALL).length)).toEqual([4, 0])
  })

  test('a level of a part of the slide lies where its corner does', () => {
    const orientation = [0, -1, 0, -1, 0, 0]
    const base = part({ columns: 10_000, rows: 8000, origin: [20, 40], orientation })
    // Rows run along −y, columns along −x: 2 mm to the right are 2 mm less of y.
    const inset = part({ columns: 500, rows: 500, spacing: [0.004, 0.004], origin: [19, 38], orientation })
    const { levels } = makeSlide([base, inset])!
    expect(levels[1]).toMatchObject({ scale: [4, 4] })
    expect(levels[1]!.at.map(value => Math.round(value))).toEqual([2000, 1000])
  })

  test('headers that say nothing of a matrix, or nonsense, make none', () => {
    const header = HEADERS[0]!
    const without = { ...header }
    delete without['00480006']
    expect(readSlidePart(without)).toBeUndefined()
    expect(readSlidePart({ ...header, '00480006': { vr: 'UL', Value: [-3] } })).toBeUndefined()
    const huge = { vr: 'UL', Value: [2 ** 31] }
    expect(readSlidePart({ ...header, '00480006': huge, '00480007': huge })).toBeUndefined()
    expect(makeSlide([])).toBeUndefined()
  })
})

describe('a view', () => {
  const size = { width: 1000, height: 750 }

  test('is of the smallest level that has a pixel for each of the screen’s', () => {
    expect(levelFor(SLIDE, 1)).toBe(0)
    expect(levelFor(SLIDE, 0.3)).toBe(0)
    expect(levelFor(SLIDE, 0.25)).toBe(1)
    expect(levelFor(SLIDE, 0.1)).toBe(1)
    expect(levelFor(SLIDE, 1 / 16.384)).toBe(2)
    expect(levelFor(SLIDE, 0.001)).toBe(2)
  })

  test('zooms about a point, and that point stays', () => {
    const fitted = fitSlide(SLIDE, size)
    expect(fitted.zoom).toBeCloseTo(1000 / 8192, 10)
    const hold = (view: typeof fitted) => heldView(SLIDE, view, size)
    const point: [number, number] = [200, 600]
    const zoomed = zoomSlideAbout(fitted, size, point, 8, hold)
    expect(zoomed.zoom).toBeCloseTo(fitted.zoom * 8, 10)
    const under = (view: typeof fitted) => applyMatrix(invertMatrix(slideToScreen(view, size, 1)), point)
    for (const axis of [0, 1] as const) expect(under(zoomed)[axis]).toBeCloseTo(under(fitted)[axis], 6)
    expect(boxOn(SLIDE.levels[1]!, seenBox(zoomed, size))!.x1 * 4).toBeCloseTo(seenBox(zoomed, size).x1, 6)
  })

  test('never asks for more than can be held: a huge image without smaller levels is not seen whole', () => {
    const huge = makeSlide([part({ columns: 100_000, rows: 100_000, frames: 152_881 })])!
    const { zoom, centre } = heldView(huge, fitSlide(huge, size), size)
    const seen = seenBox({ zoom, centre }, size)
    expect((seen.x1 - seen.x0) * (seen.y1 - seen.y0)).toBeLessThanOrEqual(40_000_001)
    expect(heldView(SLIDE, fitSlide(SLIDE, size), size)).toEqual(fitSlide(SLIDE, size))
  })

  test('has been looked over by what of its smallest level stood whole on the screen, not too small', () => {
    const inView = (view: typeof fitted, least = 0.25) =>
      tilesInView(SLIDE, view, size, 0, least).map(({ frame }) => frame)
    const fitted = fitSlide(SLIDE, size)
    expect(inView(fitted)).toEqual([1, 2, 3, 4])
    // 1000 of 8192: two of the screen's pixels for one of the smallest level's.
    expect(inView(fitted, 2.1)).toEqual([])
    const corner = heldView(SLIDE, { zoom: fitted.zoom * 1.2, centre: [2600, 2500] }, size)
    expect(inView(corner)).toEqual([1])
    expect(inView({ zoom: 1, centre: [2000, 2000] })).toEqual([])
  })
})

test('a real slide of 5 × 5 tiles lies whole in its matrix', ({ skip }) => {
  const file = sharedFiles().find(({ name }) => path.basename(name) === 'sm_image.dcm')
  if (file === undefined) return skip()
  const slide = makeSlide([readSlidePart(headerOf(new Uint8Array(readFileSync(file.path))))!])!
  const [level] = slide.levels
  expect(level).toMatchObject({ columns: 50, rows: 50, tileColumns: 10, tileRows: 10 })
  const corners = level!.tilesIn(0, ALL).map(({ x, y }) => `${x} ${y}`)
  expect(new Set(corners).size).toBe(25)
  expect(corners).toContain('40 40')
})
