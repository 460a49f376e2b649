import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {} from '../../renderer/viewer/probe.ts'
import { readInstanceHeader } from '../../shared/dicom/instanceHeader.ts'
import { readFileMeta } from '../../shared/dicom/part10.ts'
import { nativeFrame, type Samples, storedValues } from '../../shared/viewing/samples.ts'
import { launchChromium, openWorkstation } from '../fixtures/chromium.ts'
import { type SharedFile, sharedDataFolder, sharedFiles } from '../fixtures/sharedData.ts'
import { type RunningStation, startStation } from '../fixtures/station.ts'

/**
 * Every displayable file of the folder of real ones as the viewer draws it at 1:1, against DCMTK's picture of the same frame and
 * window: at most one grey level on every pixel, two where the coding is lossy. And its samples against DCMTK's or GDCM's
 * decompression, exactly, where the coding is lossless. Every third file; all of them, in three minutes, with ISOCENTER_ALL_FILES=1.
 */
const run = promisify(execFile)
const EVERY = process.env.ISOCENTER_ALL_FILES ? 1 : 3

/** Files where the witness is wrong, or cannot be asked; what it differs by at most, and on how many pixels beyond the rule. */
const EXCEPTIONS: Array<{ name: string; reason: string; levels: number; share: number }> = [
  {
    name: 'SC_ybr_full_uncompressed',
    reason: 'DCMTK takes 127.5 for the middle of Cb and Cr; PS3.3 C.7.6.3.1.2 says 128',
    levels: 2,
    share: 0.08,
  },
  {
    name: '002_non_isotropic/001.dcm',
    reason: 'slope 0.001: DCMTK rounds modality values to integers before the window',
    levels: 255,
    share: 1,
  },
  {
    name: 'rtdose_expb_1frame',
    reason: 'DCMTK swaps samples of 32 bits by words of 16; the values are those of rtdose_1frame (test/work)',
    levels: 255,
    share: 1,
  },
  {
    name: 'suyashkumar__dicom/testdata/5.dcm',
    reason: 'a supplemental palette colours stored values from 1024 on; DCMTK shows them grey',
    levels: 255,
    share: 0.31,
  },
]

/** Not lossless whatever their samples say: values are not compared exactly. */
const LOSSY = new Set(
  ['50', '51', '53', '55', '81', '91', '203', '111', '112'].map(end => `1.2.840.10008.1.2.4.${end}`),
)

interface Prepared {
  file: SharedFile
  /** The copy with an identity of its own. */
  path: string
  StudyInstanceUID: string
  SeriesInstanceUID: string
  PatientID: string
  TransferSyntaxUID: string
}

const PER_STUDY = 40
/** Most images have a place at 1:1; software painting pays by the pixel. */
const SMALL = { width: 1000, height: 800 }
/** 1968 × 1466 is the largest of the folder. */
const LARGE = { width: 2000, height: 2300 }
const prepared: Prepared[] = []
const unprepared: string[] = []
let station: RunningStation
let browser: Browser
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-real-'))
  station = await startStation()
  // One picture at a time, hung by hand.
  await station.call('settings.set', { key: 'hanging', value: { automatic: false } })
  browser = await launchChromium()
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Many of them share an identity; each gets its own, the pixels stay as they are. */
async function prepare(file: SharedFile, index: number): Promise<void> {
  const bytes = await readFile(file.path)
  const meta = readFileMeta(bytes)
  const header = meta && readInstanceHeader(bytes.subarray(meta.dataSetOffset), meta.TransferSyntaxUID)
  const deflated = meta?.TransferSyntaxUID === '1.2.840.10008.1.2.1.99'
  if (!meta || (!deflated && !header?.pixels)) return
  const copy = path.join(folder, 'in', `${index}.dcm`)
  await copyFile(file.path, copy)
  const study = Math.floor(index / PER_STUDY)
  const identity = {
    PatientID: `REAL-${String(study).padStart(3, '0')}`,
    StudyInstanceUID: `2.25.9100${study}`,
    SeriesInstanceUID: `2.25.9200${index}`,
    SOPInstanceUID: `2.25.9300${index}`,
    SeriesNumber: String(index + 1),
  }
  const insert = Object.entries(identity).flatMap(([keyword, value]) => ['-i', `${keyword}=${value}`])
  const done = await run('dcmodify', ['-q', '-nb', ...insert, copy]).then(
    () => true,
    () => false,
  )
  if (!done) {
    unprepared.push(file.name)
    await rm(copy)
    return
  }
  const { SeriesNumber: _SeriesNumber, SOPInstanceUID: _SOPInstanceUID, ...place } = identity
  prepared.push({ file, path: copy, ...place, TransferSyntaxUID: meta.TransferSyntaxUID })
}

/** Runs `work` for all, four at a time. */
async function each<Item>(items: Item[], work: (item: Item, index: number) => Promise<void>): Promise<void> {
  const queue = [...items.entries()]
  await Promise.all(
    [1, 2, 3, 4].map(async () => {
      for (let next = queue.shift(); next; next = queue.shift()) await work(next[1], next[0])
    }),
  )
}

// ── the witness ──

interface Drawn {
  pixels: Buffer
  rows: number
  columns: number
  components: 1 | 3
}

/** One frame as DCMTK draws it, decompressed by GDCM where DCMTK cannot; undefined when neither can. */
async function drawn(file: string, frame: number, window: string[]): Promise<Drawn | undefined> {
  const pnm = `${file}.pnm`
  const plain = `${file}.raw`
  const draw = (from: string) =>
    run('dcmj2pnm', ['-q', '-O', '+F', String(frame), ...window, '+op', from, pnm]).catch(() => {})
  await draw(file)
  if (!existsSync(pnm)) {
    await run('gdcmconv', ['--raw', file, plain]).catch(() => {})
    if (existsSync(plain)) await draw(plain)
  }
  await rm(plain, { force: true })
  if (!existsSync(pnm)) return undefined
  const bytes = await readFile(pnm)
  await rm(pnm)
  const head = /^P([56])\s(?:#.*\n)?(\d+) (\d+)\s255\s/.exec(bytes.toString('latin1', 0, 300))
  if (head === null) return undefined
  const components = head[1] === '6' ? 3 : 1
  return { pixels: bytes.subarray(head[0].length), rows: Number(head[3]), columns: Number(head[2]), components }
}

const DECOMPRESS: Array<[syntax: RegExp, tool: string, ...options: string[]]> = [
  [/\.4\.(57|70)$/, 'dcmdjpeg'],
  [/\.4\.80$/, 'dcmdjpls'],
  [/\.2\.5$/, 'dcmdrle'],
  [/\.4\.90$/, 'gdcmconv', '--raw'],
]

/** The stored values of one frame of a losslessly compressed grey image as DCMTK or GDCM decompresses it; undefined for others. */
async function decompressed({ path: file, TransferSyntaxUID }: Prepared, frame: number): Promise<Samples | undefined> {
  const [, tool, ...options] = DECOMPRESS.find(([syntax]) => syntax.test(TransferSyntaxUID)) ?? []
  if (tool === undefined) return undefined
  const plain = `${file}.plain`
  await run(tool, [...options, file, plain]).catch(() => {})
  if (!existsSync(plain)) return undefined
  const bytes = await readFile(plain)
  await rm(plain)
  const meta = readFileMeta(bytes)!
  const dataSet = bytes.subarray(meta.dataSetOffset)
  // What the tool decompressed, described as the original describes it: GDCM takes the codestream's word for the sign.
  const original = await readFile(file)
  const originalMeta = readFileMeta(original)!
  const { attributes } = readInstanceHeader(
    original.subarray(originalMeta.dataSetOffset),
    originalMeta.TransferSyntaxUID,
  )
  const { pixels } = readInstanceHeader(dataSet, meta.TransferSyntaxUID)
  const { Rows = 0, Columns = 0, SamplesPerPixel = 1, BitsAllocated = 16 } = attributes
  if (SamplesPerPixel !== 1 || pixels === null || attributes.PhotometricInterpretation === 'PALETTE COLOR') {
    return undefined
  }
  const length = (Rows * Columns * BitsAllocated) / 8
  const at = pixels.valueOffset + (frame - 1) * length
  return storedValues(nativeFrame(dataSet.subarray(at, at + length), attributes).samples, attributes).samples
}

/** Functional groups are read after an object's arrival was answered; then it has a thumbnail, or is known to have no picture. */
async function lookedInto(StudyInstanceUID: string): Promise<void> {
  for (;;) {
    const { series } = await station.call('study.get', { StudyInstanceUID })
    const thumbnails = (await (await station.get(`/api/thumbnails?study=${StudyInstanceUID}`)).json()) as object
    if (series.every(each => !each.hasImages || each.SeriesInstanceUID in thumbnails)) return
    await new Promise(resolve => setTimeout(resolve, 200))
  }
}

// ── the viewer ──

interface Shown {
  SeriesInstanceUID: string
  set: string
  frame: number
  range: { lower: number; upper: number } | undefined
  VOILUTFunction: string
  byVOILUT: boolean
}

type NotShown = Pick<Shown, 'SeriesInstanceUID' | 'set'> & { reason: string }

/** Waits until the pane shows another display set than `before` at rest, or says why not. */
async function nextShown(page: Page, before: string): Promise<Shown | NotShown> {
  const handle = await page.waitForFunction(
    before => {
      const pane = window.isocenter?.panes()[0]
      if (pane === undefined || pane.set === before) return undefined
      const { seriesUID: SeriesInstanceUID, set, reason } = pane
      if (reason !== undefined) return { reason, SeriesInstanceUID, set }
      const [live] = window.isocenter.viewports()
      if (!live?.settled || live.seriesUID !== pane.seriesUID) return undefined
      const image = window.isocenter.image(live.id)
      if (image === undefined) return undefined
      const { VOILUTFunction, byVOILUT } = image
      return { SeriesInstanceUID, set, frame: live.frame, range: live.range, VOILUTFunction, byVOILUT }
    },
    before,
    { timeout: 60_000 },
  )
  return (await handle.jsonValue()) as Shown
}

/** The pane has taken the window's new size, and its picture with it. */
function fits({ rows, columns }: { rows: number; columns: number }): boolean {
  const [live] = window.isocenter.viewports()
  const canvas = live && window.isocenter.readPixels(live.id)
  const { e = -1, f = -1 } = live?.transform ?? {}
  return canvas !== undefined && canvas.width >= columns && canvas.height >= rows && e >= 0 && f >= 0
}

interface Difference {
  /** Pixels are drawn as squares: then all of them must be on the screen. */
  square: boolean
  compared: number
  worst: number
  beyond: number
}

/** Every device pixel of the picture against the witness's pixel it stands for. */
function compare(page: Page, { pixels, ...shape }: Drawn, most: number): Promise<Difference> {
  return page.evaluate(
    ({ base64, rows, columns, components, most }) => {
      const theirs = Uint8Array.from(atob(base64), character => character.charCodeAt(0))
      const [live] = window.isocenter.viewports()
      const canvas = live && window.isocenter.readPixels(live.id)
      const transform = live?.transform
      if (!canvas || !transform) return { square: true, compared: 0, worst: 255, beyond: 1 }
      const { a, d, e, f } = transform
      const difference = { square: a === d, compared: 0, worst: 0, beyond: 0 }
      for (let y = 0; y < canvas.height; y++) {
        const row = Math.floor((y + 0.5 - f) / d)
        if (row < 0 || row >= rows) continue
        for (let x = 0; x < canvas.width; x++) {
          const column = Math.floor((x + 0.5 - e) / a)
          if (column < 0 || column >= columns) continue
          let worst = 0
          for (let channel = 0; channel < 3; channel++) {
            const expected = theirs[(row * columns + column) * components + (components === 3 ? channel : 0)] ?? -1
            worst = Math.max(worst, Math.abs((canvas.data[(y * canvas.width + x) * 4 + channel] ?? -1) - expected))
          }
          difference.compared++
          if (worst > difference.worst) difference.worst = worst
          if (worst > most) difference.beyond++
        }
      }
      return difference
    },
    { base64: pixels.toString('base64'), ...shape, most },
  )
}

/** DCMTK's options for the window the viewer shows; LINEAR's of a range is that of PS3.3 C.11.2.1.2.1. */
function windowOptions({ byVOILUT, range, VOILUTFunction }: Shown): string[] {
  if (byVOILUT) return ['+Wl', '1']
  if (range === undefined) return []
  const middle = (range.lower + range.upper) / 2
  const width = range.upper - range.lower
  return VOILUTFunction === 'SIGMOID'
    ? ['+Wfs', '+Ww', String(middle), String(width)]
    : ['+Wfl', '+Ww', String(middle + 0.5), String(width + 1)]
}

/** A PET opens dark on white, as it is read; the witness draws what is stored. */
async function inGreys(page: Page): Promise<void> {
  const colours = async () => (await page.getByTestId('colours').allTextContents()).join()
  for (let before = await colours(); before !== ''; before = await colours()) {
    await page.keyboard.press('Alt+g')
    await expect.poll(colours).not.toBe(before)
  }
}

/** The picture at 1:1 against the witness's; undefined when there is none. */
async function compareShown(page: Page, item: Prepared, shown: Shown, most: number) {
  await inGreys(page)
  const voi = windowOptions(shown)
  const picture = await drawn(item.path, shown.frame, voi)
  if (picture === undefined) return undefined
  const large = picture.columns > 640 || picture.rows > 520
  if (large) await page.setViewportSize(LARGE)
  await page.keyboard.press('=')
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.transform?.a === 1)
  if (large) await page.waitForFunction(fits, { rows: picture.rows, columns: picture.columns })
  const difference = await compare(page, picture, most)
  if (large) await page.setViewportSize(SMALL)
  return { difference, voi, picture }
}

/** FNV-1a over the values as 64-bit floats. */
function checksum(values: ArrayLike<number>): number {
  const words = new Uint32Array(Float64Array.from(values).buffer)
  let hash = 0x811c9dc5
  for (const word of words) hash = Math.imul(hash ^ word, 0x01000193)
  return hash >>> 0
}

function shownChecksum(page: Page): Promise<number> {
  return page.evaluate(() => {
    const [live] = window.isocenter.viewports()
    const image = live && window.isocenter.image(live.id)
    const words = new Uint32Array(Float64Array.from(image?.pixels ?? []).buffer)
    let hash = 0x811c9dc5
    for (const word of words) hash = Math.imul(hash ^ word, 0x01000193)
    return hash >>> 0
  })
}

test('every displayable real file shows what DCMTK draws, to a grey level', { timeout: 900_000 }, async () => {
  const wanted = process.env.ISOCENTER_FILES ?? ''
  const named = sharedFiles().filter(({ name }) => name.includes(wanted))
  const isExcepted = (name: string) => EXCEPTIONS.some(one => name.includes(one.name))
  const files = wanted ? named : named.filter(({ name }, index) => index % EVERY === 0 || isExcepted(name))
  if (files.length === 0) return
  await mkdir(path.join(folder, 'in'))
  await each(files, prepare)
  await station.job(await station.call('import.start', { paths: [path.join(folder, 'in')] }))
  for (const uid of new Set(prepared.map(each => each.StudyInstanceUID))) await lookedInto(uid)
  const { page, context, trouble } = await openWorkstation(browser, station.url, {
    ...SMALL,
    search: 'rendering=cpu',
  })
  const bySeries = new Map(prepared.map(each => [each.SeriesInstanceUID, each]))
  const wrong: string[] = []
  const excepted: string[] = []
  const notShown: string[] = []
  const noWitness: string[] = []
  // Pixels that are not square are repeated or left out, not blended.
  let nearest = false
  // Kept from study to study: until the next one is there, the pane still has the set before.
  let before = ''
  let right = 0
  let exact = 0
  for (const PatientID of new Set(prepared.map(each => each.PatientID).sort())) {
    const left = new Set(prepared.filter(each => each.PatientID === PatientID).map(each => each.SeriesInstanceUID))
    const search = page.getByPlaceholder('Name, ID or accession')
    await search.fill(PatientID)
    await page.waitForFunction(() => document.querySelectorAll('[data-study]').length === 1)
    await page.locator('[data-study]').filter({ hasText: PatientID }).waitFor()
    // Enter opens the one study that is found.
    await search.press('Enter')
    for (let steps = 0; left.size > 0 && steps < 4 * PER_STUDY; steps++) {
      const shown = await nextShown(page, before).catch(() => undefined)
      if (shown === undefined) break
      before = shown.set
      if (!nearest) await page.keyboard.press('I')
      nearest = true
      const item = bySeries.get(shown.SeriesInstanceUID)
      if (item !== undefined && left.delete(shown.SeriesInstanceUID)) {
        const { name } = item.file
        if ('reason' in shown) notShown.push(`${name}: ${shown.reason}`)
        else {
          const lossy = LOSSY.has(item.TransferSyntaxUID)
          const exception = EXCEPTIONS.find(each => name.includes(each.name))
          const most = lossy ? 2 : 1
          const said = await compareShown(page, item, shown, most)
          if (said === undefined) noWitness.push(name)
          else {
            const { difference, voi, picture } = said
            const share = difference.beyond / Math.max(1, difference.compared)
            const figures = `${name}: worst ${difference.worst}, beyond ${(100 * share).toFixed(3)} % of ${difference.compared} ${voi.join(' ')}`
            const hidden = difference.square && difference.compared < picture.rows * picture.columns
            if (hidden) wrong.push(`${name}: only ${difference.compared} pixels are on the screen`)
            else if (difference.compared > 0 && difference.beyond === 0) right++
            else if (exception && difference.worst <= exception.levels && share <= exception.share) {
              excepted.push(`${figures}: ${exception.reason}`)
            } else wrong.push(figures)
          }
          const values = lossy ? undefined : await decompressed(item, shown.frame)
          if (values !== undefined) {
            if (checksum(values) === (await shownChecksum(page))) exact++
            else wrong.push(`${name}: its samples are not those of ${item.TransferSyntaxUID} decompressed`)
          }
        }
      }
      await page.keyboard.press('ArrowRight')
    }
    for (const uid of left) notShown.push(`${bySeries.get(uid)?.file.name}: never reached`)
    await page.keyboard.press('Backspace')
    await search.waitFor({ state: 'visible' })
  }
  console.log(
    [
      `${right} of ${prepared.length} files of ${path.basename(sharedDataFolder)} as DCMTK draws them, ${exact} decompressed to the same values`,
      ...excepted.map(line => `excepted: ${line}`),
      ...notShown.map(line => `not shown: ${line}`),
      ...noWitness.map(line => `no witness: ${line}`),
      ...unprepared.map(line => `not prepared: ${line}`),
    ].join('\n'),
  )
  expect(wrong).toEqual([])
  expect(right).toBeGreaterThan(wanted ? 0 : 490 / EVERY - 20)
  expect(trouble.found).toEqual([])
  await context.close()
})
