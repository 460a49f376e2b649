import { expect, test } from 'vitest'
import { TS } from '../../shared/dicom/uids.ts'
import { type MarkPixels, measure } from '../../shared/viewing/measure/measure.ts'
import { checkFigures, KNOWN_MARKS } from '../../shared/viewing/selftest/answers.ts'
import { PHANTOM_CASES } from '../../shared/viewing/selftest/cases.ts'
import {
  COLUMNS,
  type PhantomKind,
  phantomAttributes,
  ROWS,
  storedPixels,
} from '../../shared/viewing/selftest/phantom.ts'
import {
  isClean,
  isDue,
  type KeptResult,
  keptResults,
  type Machine,
  refusalOf,
  resultFor,
  resultOf,
  sentencesOf,
  shortRefusalOf,
  type TestCell,
  verdictOf,
  withResult,
} from '../../shared/viewing/selftest/verdict.ts'

const CT = '1.2.840.10008.5.1.4.1.1.2'
const START = { SeriesDate: '', SeriesTime: '', AcquisitionTime: undefined }

/** Names of the marks whose figures are not the known ones. */
function wrongMarks(kind: PhantomKind, change: Partial<ReturnType<typeof phantomAttributes>> = {}, pixels?: number[]) {
  const attributes = { ...phantomAttributes(kind), ...change }
  const { RescaleSlope: slope = 1, RescaleIntercept: intercept = 0 } = attributes
  const components = kind === 'colour' ? 3 : 1
  const values = pixels ?? storedPixels(kind)
  const under: MarkPixels = { pixels: values, columns: COLUMNS, rows: ROWS, slope, intercept, components }
  return KNOWN_MARKS.filter(mark => {
    const measured = measure(mark, { Modality: 'CT', SOPClassUID: CT, attributes }, START, under)
    return checkFigures(mark, kind, 0, measured).some(({ passed }) => !passed)
  }).map(({ name }) => name)
}

test.each(['signed', 'unsigned', 'inverse', 'bytes', 'colour'] as const)(
  'every tool measures what was reckoned by hand: %s',
  kind => {
    expect(wrongMarks(kind)).toEqual([])
  },
)

test('wrong spacing, wrong rescale and one wrong pixel are noticed by the tools they concern', () => {
  expect(wrongMarks('signed', { PixelSpacing: [0.6, 0.8] })).toEqual([
    'length',
    'angle',
    'Cobb angle',
    'two axes',
    'open angle',
    'polyline',
    'cardiothoracic ratio',
    'circle in the disc',
  ])
  const values = [
    'circle in the disc',
    'ellipse in the disc',
    'rectangle on the checkerboard',
    'outline on the checkerboard',
    'rectangle on the ramp',
  ]
  const probes = ['probe on a dot', 'probe on the ramp', 'probe on the ramp downwards']
  expect(wrongMarks('signed', { RescaleIntercept: -9 })).toEqual([...values, ...probes])
  expect(wrongMarks('signed', { RescaleSlope: 0.5001 })).toEqual([...values, ...probes])
  const pixels = Array.from(storedPixels('signed'))
  pixels[48 * COLUMNS + 32]! += 1
  expect(wrongMarks('signed', {}, pixels)).toEqual(['circle in the disc', 'ellipse in the disc'])
})

const cell = (path: TestCell['path'], state: TestCell['state'], more: Partial<TestCell> = {}): TestCell => ({
  phantom: 'explicit-signed',
  path,
  check: 'x',
  state,
  ...more,
})

test('what fails decides what is not measured', () => {
  const good = (['values', 'page', 'card', 'tools', 'pane'] as const).map(path => cell(path, 'passed'))
  expect(isClean(verdictOf([...good, cell('card', 'impossible')]))).toBe(true)

  const decoder = verdictOf([...good, cell('values', 'failed', { phantom: 'jpegls-signed' })])
  expect(refusalOf(decoder, { kind: 'length', TransferSyntaxUID: TS.JPEGLSLossless })).toMatch(
    /JPEG-LS .* is decoded wrongly/,
  )
  expect(refusalOf(decoder, { kind: 'length', TransferSyntaxUID: TS.JPEG2000Lossless })).toBeUndefined()
  expect(refusalOf(decoder, { kind: 'arrow', TransferSyntaxUID: TS.JPEGLSLossless })).toBeUndefined()

  expect(shortRefusalOf(decoder, { TransferSyntaxUID: TS.JPEGLSLossless })).toMatch(
    /^By the self-test JPEG-LS .* here\.$/,
  )

  const tool = verdictOf([...good, cell('tools', 'failed', { tool: 'ellipse' })])
  expect(refusalOf(tool, { kind: 'ellipse' })).toMatch(/ellipses are measured wrongly/)
  expect(refusalOf(tool, { kind: 'length' })).toBeUndefined()

  // Those that the phantom has no mark of are made of the same figures.
  expect(refusalOf(tool, { kind: 'circle' })).toContain('ellipses are measured wrongly')
  expect(refusalOf(tool, { kind: 'polyline' })).toBeUndefined()

  const card = verdictOf([...good, cell('card', 'failed')])
  expect(refusalOf(card, { kind: 'length' })).toBeUndefined()
  expect(sentencesOf(card)).toEqual([expect.stringMatching(/drawn without it/)])

  // It rests until it has been tried again.
  const machine: Machine = { version: '1', browser: 'B', renderer: 'R', drawnBy: 'card' }
  const again = (state: TestCell['state']) => resultOf(machine, '', [cell('card', state)], card).verdict.card
  expect([again('impossible'), again('passed'), again('failed')]).toEqual([true, false, true])

  for (const path of ['page', 'pane'] as const) {
    const page = verdictOf([...good, cell(path, 'failed', { tool: 'length' }), cell('card', 'failed')])
    expect(refusalOf(page, { kind: 'probe' })).toMatch(/Nothing is measured/)
    expect(refusalOf(page, { kind: 'text' })).toBeUndefined()
    expect(sentencesOf(page)).toHaveLength(2)
  }
})

test('it is due until it has passed with this version, browser and graphics card, and never forgets more than the oldest', () => {
  const here: Machine = { version: '1', browser: 'B 1', renderer: 'R', drawnBy: 'card' }
  const passed = resultOf(here, '2026-11-22T10:00:00.000Z', [cell('values', 'passed')])
  const failed = resultOf(here, '2026-11-22T11:00:00.000Z', [cell('values', 'failed', { expected: '1', found: '2' })])
  expect(isDue([], here)).toBe(true)
  expect(isDue([passed], here)).toBe(false)
  expect(isDue(withResult([passed], failed), here)).toBe(true)
  for (const other of [{ version: '2' }, { browser: 'B 2' }, { renderer: 'S' }, { drawnBy: 'page' as const }]) {
    expect(isDue([passed], { ...here, ...other })).toBe(true)
  }
  let kept: KeptResult[] = [passed]
  for (let i = 0; i < 30; i++) kept = withResult(kept, { ...passed, machine: { ...here, browser: `C ${i}` } })
  expect(keptResults.parse(JSON.parse(JSON.stringify(kept)))).toHaveLength(12)
  expect(resultFor(kept, here)).toBeUndefined()
  expect(resultFor(withResult(kept, failed), here)?.verdict.syntaxes).toEqual([TS.ExplicitVRLittleEndian])
})

test('a whole failing run is kept within what the settings take', () => {
  const cells = PHANTOM_CASES.flatMap(({ name }) =>
    Array.from({ length: 30 }, () => cell('page', 'failed', { phantom: name })),
  )
  const kept = resultOf(
    { version: '1', browser: 'B', renderer: '', drawnBy: 'page' },
    '2026-11-22T10:00:00.000Z',
    cells,
  )
  expect(keptResults.safeParse([kept]).success).toBe(true)
  expect(kept.failed).toBe(cells.length)
})
