import { checkFigures, KNOWN_MARKS, type KnownMark } from '../../shared/viewing/selftest/answers.ts'
import { PHANTOM_CASES, type PhantomCase } from '../../shared/viewing/selftest/cases.ts'
import { COLUMNS, colourAt, DOTS, modalityAt, type PhantomKind, ROWS } from '../../shared/viewing/selftest/phantom.ts'
import {
  findDot,
  furthestFrom,
  levelsPerValue,
  offBy,
  pointerError,
  RATIOS,
  referencePicture,
  TEST_SIZE,
  TEST_VIEWS,
  type TestView,
  testMatrix,
  testRange,
} from '../../shared/viewing/selftest/reference.ts'
import type { TestCell, TestPath } from '../../shared/viewing/selftest/verdict.ts'
import { applyMatrix, scaleMatrix } from '../../shared/viewing/view.ts'
import {
  cardIsAway,
  decodePhantom,
  forgetPhantom,
  measuredOf,
  type PhantomImage,
  paneUnderTest,
  screenUnderTest,
} from '../viewer/index.ts'
import { fetchPhantom, manifestOf } from './phantoms.ts'

interface RunOptions {
  /** Waited for between steps: each takes a few milliseconds. */
  pause: () => Promise<void>
  onProgress: (done: number, of: number) => void
}

/** Greys: what rounding to a level of eight bits takes. */
const ONE_LEVEL = 1.001
/** Pixels of the image along an axis: a pointer within it is on the right pixel. Made smaller, a device pixel has several. */
const HALF_A_PIXEL = 0.5
/** A window that is not shown lays nothing out. */
const PANE_MS = 3000

/**
 * Every phantom on the viewer's own way: decoded, cached, drawn by page and card in every view, measured with every tool; then one of
 * them in a whole pane. Rejects when a phantom cannot be had: that says nothing of this machine.
 */
export async function runSelfTest({ pause, onProgress }: RunOptions): Promise<TestCell[]> {
  const cells: TestCell[] = []
  const of = PHANTOM_CASES.length + 1
  const references = new References(pause)
  for (const [index, one] of PHANTOM_CASES.entries()) {
    onProgress(index, of)
    cells.push(...(await tryPhantom(one, references, pause)))
  }
  onProgress(PHANTOM_CASES.length, of)
  const right = PHANTOM_CASES.find(
    ({ name, kind, tolerance }) =>
      kind !== 'colour' &&
      tolerance === 0 &&
      cells.some(({ phantom, path, state }) => phantom === name && path === 'values' && state === 'passed'),
  )
  if (right !== undefined) cells.push(...(await tryPane(right, pause)))
  onProgress(of, of)
  return cells
}

/** The pictures of each kind of phantom, reckoned once. */
class References {
  readonly #pictures = new Map<string, Float64Array>()
  readonly #pause: () => Promise<void>

  constructor(pause: () => Promise<void>) {
    this.#pause = pause
  }

  async of(kind: PhantomKind, view: TestView): Promise<Float64Array> {
    const key = `${kind} ${view.name}`
    let picture = this.#pictures.get(key)
    if (picture === undefined) {
      const reckoning = referencePicture(kind, view)
      let step = reckoning.next()
      while (!step.done) {
        await this.#pause()
        step = reckoning.next()
      }
      picture = step.value
      this.#pictures.set(key, picture)
    }
    return picture
  }
}

async function tryPhantom(one: PhantomCase, references: References, pause: () => Promise<void>): Promise<TestCell[]> {
  const file = await fetchPhantom(one)
  await pause()
  const cell = (path: TestPath, check: string, how: Omit<TestCell, 'phantom' | 'path' | 'check'>): TestCell => ({
    phantom: one.name,
    path,
    check,
    ...how,
  })
  let phantom: PhantomImage
  try {
    phantom = await decodePhantom(manifestOf(one, file), file.frame)
  } catch (thrown) {
    const found = thrown instanceof Error ? thrown.message : String(thrown)
    return [cell('values', 'every value', { state: 'failed', expected: 'a picture', found: found.slice(0, 200) })]
  }
  try {
    const values = checkValues(one, phantom)
    const cells = [cell('values', 'every value', values)]
    if (values.state === 'failed') {
      const reason = 'Its values are wrong already.'
      const untried: TestPath[] = ['page', 'card', 'tools']
      return [...cells, ...untried.map(path => cell(path, 'all', { state: 'impossible', reason }))]
    }
    for (const path of ['page', 'card'] as const) {
      const screen = screenUnderTest(path)
      if (typeof screen === 'string') {
        cells.push(cell(path, 'all', { state: 'impossible', reason: screen }))
        continue
      }
      screen.resize(TEST_SIZE)
      for (const view of TEST_VIEWS) {
        const reference = await references.of(one.kind, view)
        await pause()
        const drawn = await drawnRightly(one, phantom, view, { reference, screen, pause })
        // A context that was taken away meanwhile says nothing of how the card draws.
        const isLost = path === 'card' && drawn.state === 'failed' && cardIsAway()
        cells.push(
          cell(path, view.name, isLost ? { state: 'impossible', reason: 'The graphics card is away.' } : drawn),
        )
      }
      screen.dispose()
    }
    for (const mark of KNOWN_MARKS) {
      await pause()
      cells.push(cell('tools', mark.name, { tool: mark.kind, ...measuredRightly(one, phantom, mark) }))
    }
    return cells
  } finally {
    forgetPhantom(phantom)
  }
}

type ScreenUnderTest = Exclude<ReturnType<typeof screenUnderTest>, string>
type Outcome = Pick<TestCell, 'state' | 'expected' | 'found'>

function outcome(passed: boolean, expected: string, found: string): Outcome {
  return passed ? { state: 'passed' } : { state: 'failed', expected, found }
}

/** Every modality value (or sample of a colour), against the formula. */
function checkValues({ kind, tolerance }: PhantomCase, { frame: { image } }: PhantomImage): Outcome {
  const pixels = image.getPixelData()
  const samples = kind === 'colour' ? 3 : 1
  if (image.columns !== COLUMNS || image.rows !== ROWS || pixels.length !== ROWS * COLUMNS * samples) {
    return outcome(false, `${COLUMNS} × ${ROWS} pixels`, `${image.columns} × ${image.rows}, ${pixels.length} samples`)
  }
  let furthest = { off: -1, at: 0, expected: 0, found: 0 }
  for (let at = 0; at < pixels.length; at++) {
    const place = Math.floor(at / samples)
    const [column, row] = [place % COLUMNS, Math.floor(place / COLUMNS)]
    const found = samples === 3 ? pixels[at]! : pixels[at]! * image.slope + image.intercept
    const expected = samples === 3 ? colourAt(column, row)[(at % 3) as 0 | 1 | 2] : modalityAt(kind, column, row)
    const off = Math.abs(found - expected)
    if (!(off <= furthest.off)) furthest = { off, at: place, expected, found }
  }
  const where = `at column ${(furthest.at % COLUMNS) + 1}, row ${Math.floor(furthest.at / COLUMNS) + 1}`
  const within = tolerance === 0 ? '' : ` ± ${tolerance}`
  return outcome(furthest.off <= tolerance, `${furthest.expected}${within}`, `${furthest.found} ${where}`)
}

/** What a screen shows of a view, against the reference; and where the pointer finds the dots in it. */
async function drawnRightly(
  { kind, tolerance }: PhantomCase,
  { frame }: PhantomImage,
  view: TestView,
  by: { reference: Float64Array; screen: ScreenUnderTest; pause: () => Promise<void> },
): Promise<Outcome> {
  const matrix = testMatrix(view)
  const range = testRange(kind, view)
  try {
    by.screen.draw(frame, matrix, {
      range,
      asStored: false,
      inverted: view.inverted,
      palette: 'grey',
      nearest: view.nearest,
    })
  } catch (thrown) {
    return outcome(false, 'a picture', thrown instanceof Error ? thrown.message : String(thrown))
  }
  const read = by.screen.readPixels()
  if (read === undefined) return outcome(false, 'a picture', 'nothing')
  await by.pause()
  const { worst, at, expected, found } = furthestFrom(by.reference, read.data)
  const allowed = ONE_LEVEL + tolerance * levelsPerValue(kind, view)
  if (!(worst <= allowed)) return outcome(false, `grey ${expected.toFixed(1)}`, `${found} at ${at[0]}, ${at[1]}`)
  if (tolerance > 0 || kind === 'colour') return { state: 'passed' }
  for (const ratio of RATIOS) {
    await by.pause()
    const error = pointerError({ rgba: read.data, size: TEST_SIZE, matrix }, ratio)
    if (error === undefined || error > HALF_A_PIXEL / Math.min(1, view.view.zoom)) {
      return outcome(false, `the pointer on its pixel at ratio ${ratio}`, `${error?.toFixed(2) ?? 'no dot'} pixels off`)
    }
  }
  return { state: 'passed' }
}

/** A figure as a certificate writes it. */
const written = (value: number | undefined) => (value === undefined ? 'nothing' : String(Number(value.toPrecision(9))))

function measuredRightly({ kind, tolerance }: PhantomCase, { imageId }: PhantomImage, mark: KnownMark): Outcome {
  const wrong = checkFigures(mark, kind, tolerance, measuredOf(mark, imageId)).filter(({ passed }) => !passed)
  const words = (pick: 'expected' | 'found') => wrong.map(one => `${one.figure} ${written(one[pick])}`).join(', ')
  return outcome(wrong.length === 0, words('expected'), words('found'))
}

const nextFrames = () =>
  new Promise<void>(resolve => requestAnimationFrame(() => requestAnimationFrame(() => resolve())))

/** A phantom in a pane of this display, out of sight: from where the pointer is to the figure. */
async function tryPane(one: PhantomCase, pause: () => Promise<void>): Promise<TestCell[]> {
  const ratio = `device pixel ratio ${Number(devicePixelRatio.toFixed(3))}`
  const cell = (check: string, how: Omit<TestCell, 'phantom' | 'path' | 'check'>): TestCell => ({
    phantom: one.name,
    path: 'pane',
    check: `${check}, ${ratio}`,
    ...how,
  })
  const file = await fetchPhantom(one)
  const phantom = await decodePhantom(manifestOf(one, file), file.frame)
  const element = document.createElement('div')
  Object.assign(element.style, {
    position: 'fixed',
    left: '0',
    top: '0',
    width: '300px',
    height: '300px',
    visibility: 'hidden',
    pointerEvents: 'none',
    contain: 'strict',
  })
  document.body.append(element)
  const pane = paneUnderTest(element)
  try {
    const late = new Promise<'late'>(resolve => setTimeout(() => resolve('late'), PANE_MS))
    if ((await Promise.race([pane.open(phantom.stack, undefined), late])) === 'late') {
      return [cell('drawn', { state: 'impossible', reason: 'This window is not shown.' })]
    }
    const cells: TestCell[] = []
    const steps: Array<[name: string, act: () => void]> = [
      ['fitted', () => {}],
      [
        'enlarged, turned, mirrored',
        () => {
          pane.setZoom(2)
          pane.rotate(1)
          pane.flip('horizontal')
        },
      ],
    ]
    for (const [name, act] of steps) {
      await pause()
      act()
      await nextFrames()
      cells.push(cell(`pointer, ${name}`, pointerInPane(pane)))
      for (const mark of KNOWN_MARKS) {
        const points = mark.points.map(point => throughPane(pane, point))
        const how = measuredRightly(one, phantom, { ...mark, points })
        cells.push(cell(`${mark.name}, ${name}`, { tool: mark.kind, ...how }))
      }
    }
    return cells
  } finally {
    pane.dispose()
    element.remove()
    forgetPhantom(phantom)
  }
}

type PaneUnderTest = ReturnType<typeof paneUnderTest>

/** An image point as the hand gives it: where it is on the screen, and what the pane says is there. */
function throughPane(pane: PaneUnderTest, point: [number, number]): [number, number] {
  const { transform } = pane.state.getState()
  const back = transform && pane.imagePoint(applyMatrix(transform, point))
  return back ?? [Number.NaN, Number.NaN]
}

function pointerInPane(pane: PaneUnderTest): Outcome {
  const { transform } = pane.state.getState()
  const read = pane.readPixels()
  if (transform === undefined || read === undefined) return outcome(false, 'a picture', 'nothing')
  const ratio = read.width / pane.element.getBoundingClientRect().width
  const picture = { rgba: read.data, size: read, matrix: scaleMatrix(transform, ratio) }
  const errors = DOTS.flatMap(dot => {
    const at = findDot(picture, dot)
    const found = at && pane.imagePoint([at[0] / ratio, at[1] / ratio])
    return found === undefined ? [] : [offBy(found, dot)]
  })
  const worst = Math.max(...errors)
  return outcome(
    errors.length > 0 && worst <= HALF_A_PIXEL,
    'the pointer on its pixel',
    `${worst.toFixed(2)} pixels off`,
  )
}
