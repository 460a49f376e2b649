import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { deflateRawSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {} from '../../renderer/viewer/probe.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { readFileMeta, writeFileMeta } from '../../shared/dicom/part10.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { writeDataSet } from '../../shared/dicom/writer.ts'
import { readSegmentation } from '../../shared/viewing/objects/segmentation.ts'
import { encodeRuns } from '../../shared/viewing/segmenting/runLength.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { ctAttributes } from '../fixtures/ctAttributes.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/**
 * Segments drawn with the mouse on a CT of a bright ball in soft tissue, 96 × 96 pixels of 1 mm, 21 slices of 2 mm: what is on the
 * screen, in the figures, in the file and after the page is gone. Each test goes on where the one before ended.
 */
const STUDY = '2.25.67001'
const CT = `${STUDY}.1`
const [SIDE, SLICES, STEP] = [96, 21, 2]
const BALL = { x: 60, y: 40, slice: 10, radius: 12 } as const

const isBall = (column: number, row: number, slice: number) =>
  Math.hypot(column - BALL.x, row - BALL.y, (slice - BALL.slice) * STEP) <= BALL.radius
let ballVoxels = 0
for (let slice = 0; slice < SLICES; slice++)
  for (let at = 0; at < SIDE * SIDE; at++) if (isBall(at % SIDE, Math.floor(at / SIDE), slice)) ballVoxels++

let folder = ''
let station: RunningStation
let browser: Browser
let page: Page
let trouble: PageTrouble

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-segments-'))
  for (let slice = 0; slice < SLICES; slice++) await writeSlice(slice)
  station = await startStation()
  await station.job(await station.call('import.start', { paths: [folder] }))
  browser = await launchChromium()
  ;({ page, trouble } = await openWorkstation(browser, station.url, {
    search: 'rendering=cpu',
    width: 1280,
    height: 720,
  }))
  await openStudy()
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  await rm(folder, { recursive: true, force: true })
})

async function writeSlice(slice: number): Promise<string> {
  const SOPInstanceUID = `${CT}.${slice + 1}`
  const dataSet = writeDataSet(
    {
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
      SOPInstanceUID,
      StudyInstanceUID: STUDY,
      SeriesInstanceUID: CT,
      FrameOfReferenceUID: `${STUDY}.9`,
      PatientName: 'SEGMENT^PHANTOM',
      PatientID: 'SEGMENTS-1',
      StudyDate: '20260601',
      Modality: 'CT',
      SeriesNumber: 1,
      SeriesDescription: 'ball',
      InstanceNumber: slice + 1,
      ImagePositionPatient: [0, 0, slice * STEP],
      ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
      SliceThickness: STEP,
      ...ctAttributes(SIDE),
      WindowCenter: 100,
      WindowWidth: 500,
      PixelData: Uint16Array.from({ length: SIDE * SIDE }, (_, at) => {
        const [column, row] = [at % SIDE, Math.floor(at / SIDE)]
        if (isBall(column, row, slice)) return 1024 + 200 + (at % 5)
        return Math.hypot((column - 48) / 44, (row - 48) / 36) < 1 ? 1024 + 40 + (at % 7) : 24
      }),
    },
    encodingOf(TS.ExplicitVRLittleEndian),
  )
  const meta = writeFileMeta({
    MediaStorageSOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
    MediaStorageSOPInstanceUID: SOPInstanceUID,
    TransferSyntaxUID: TS.ExplicitVRLittleEndian,
  })
  const file = path.join(folder, `${slice}.dcm`)
  await writeFile(file, Buffer.concat([meta, dataSet]))
  return file
}

const shot = (name: string) =>
  page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `segments-${name}.png`) })

async function openStudy(): Promise<void> {
  await page.locator('.viewer').waitFor({ state: 'attached' })
  await page.locator(`[data-study="${STUDY}"]`).dblclick()
  await page.locator('.series-card').first().waitFor()
}

/** The image on the screen by its number, once it is there. */
async function goTo(number: number): Promise<void> {
  await expect.poll(() => page.evaluate(() => window.isocenter.viewports()[0]?.settled)).toBe(true)
  await page.keyboard.press('Home')
  for (let at = 1; at < number; at++) await page.keyboard.press('PageDown')
  await expect.poll(() => page.evaluate(() => window.isocenter.viewports()[0]?.SOPInstanceUID)).toBe(`${CT}.${number}`)
}

/** A place of the picture, image coordinates, on the page. */
async function at(x: number, y: number): Promise<[number, number]> {
  const box = (await page.locator('[data-pane="0"] .canvas').boundingBox())!
  const { a, b, c, d, e, f } = (await page.evaluate(() => window.isocenter.viewports()[0]!.transform))!
  return [box.x + a * x + c * y + e, box.y + b * x + d * y + f]
}
async function drag(...points: Array<[number, number]>): Promise<void> {
  const [first, ...rest] = await Promise.all(points.map(([x, y]) => at(x, y)))
  await page.mouse.move(...first!)
  await page.mouse.down()
  for (const point of rest) await page.mouse.move(...point, { steps: 4 })
  await page.mouse.up()
}

/** Pixels that segments colour over the first pane's picture, by row and column. */
const coloured = (): Promise<number[]> =>
  page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('[data-pane="0"] .segments-canvas')
    if (canvas === null) return []
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
    const found: number[] = []
    for (let at = 3; at < data.length; at += 4) if (data[at] !== 0) found.push((at - 3) / 4)
    return found
  })
const count = async () => (await coloured()).length

/** How many voxels the panel says. */
const voxels = async () => Number((await words()).match(/^([\d,]+) voxels/)?.[1]?.replaceAll(',', '') ?? Number.NaN)
const words = async () => ((await page.getByTestId('segment-figures').first().textContent()) ?? '').trim()

async function setRadius(millimetres: number): Promise<void> {
  const wanted = Math.round((Math.log(millimetres / 0.2) / Math.log(1000)) * 100)
  await page.getByLabel('Radius of the brush').fill(String(wanted))
  await page.getByLabel('Radius of the brush').blur()
}

test('a stroke of the brush colours the pixels under it at once; undo and redo; the eraser takes them away', async () => {
  await goTo(BALL.slice + 1)
  await page.keyboard.press('Alt+q')
  await setRadius(5)
  // Before the button is let go of: the frame that the hand moved in shows it.
  await page.mouse.move(...(await at(30, 30)))
  await expect
    .poll(async () => {
      await page.mouse.down()
      const drawn = await count()
      if (drawn === 0) await page.mouse.up()
      return drawn
    })
    .toBeGreaterThan(60)
  await page.mouse.move(...(await at(50, 30)), { steps: 5 })
  await page.mouse.up()
  const stroke = await coloured()
  // A rounded strip, 20 by 10 and two halves of a disc.
  expect(Math.abs(stroke.length - (200 + Math.PI * 25))).toBeLessThan(20)
  expect(stroke).toContain(30 * SIDE + 40)
  expect(stroke).not.toContain(37 * SIDE + 40)
  await expect.poll(voxels).toBe(stroke.length)
  await page.keyboard.press('Control+z')
  await expect.poll(count).toBe(0)
  await page.keyboard.press('Control+Shift+z')
  await expect.poll(count).toBe(stroke.length)
  await page.keyboard.press('Alt+z')
  await drag([30, 30], [50, 30])
  await expect.poll(count).toBe(0)
  await page.keyboard.press('Control+z')
  await page.keyboard.press('Control+z')
  await expect.poll(count).toBe(0)
})

test('growing through the slices finds the ball, its volume and its values', async () => {
  await page.keyboard.press('Alt+i')
  await page.getByLabel('through the slices').check()
  await page.mouse.click(...(await at(BALL.x + 0.5, BALL.y + 0.5)))
  await expect.poll(voxels).toBe(ballVoxels)
  await expect.poll(words).toContain('mean 202')
  const volume = (ballVoxels * STEP) / 1000
  await expect.poll(() => page.locator('[data-segment="1"]').textContent()).toContain(`${volume.toFixed(1)} ml`)
  await shot('grown')
})

test('scissors fill what they go around and cut it out with Shift; a second segment does not touch a locked one', async () => {
  await page.getByRole('button', { name: 'Lock Segment 1' }).click()
  await page.getByRole('button', { name: 'Add a segment' }).click()
  await page.keyboard.press('Alt+o')
  const before = await count()
  // Over half of the ball.
  await drag([20, 20], [60, 20], [60, 60], [20, 60], [20, 20])
  const inBall = Array.from({ length: 40 * 40 }, (_, i) => isBall(20 + (i % 40), 20 + Math.floor(i / 40), BALL.slice))
  const expected = 1600 - inBall.filter(Boolean).length
  await expect.poll(async () => (await count()) - before).toBe(expected)
  await page.keyboard.down('Shift')
  await drag([20, 20], [40, 20], [40, 60], [20, 60], [20, 20])
  await page.keyboard.up('Shift')
  await expect.poll(async () => (await count()) - before).toBe(expected - 800)
  await shot('two')
})

test('a page that goes away loses nothing: what is drawn is on the station, and back where it was', async () => {
  const drawn = await coloured()
  const kept = () => station.call('segments.get', { StudyInstanceUID: STUDY })
  await expect
    .poll(async () => {
      const { parts } = await kept()
      const head = parts.find(({ part }) => part.endsWith('/head'))
      return head === undefined ? 0 : (JSON.parse(head.data) as { segments: unknown[] }).segments.length
    })
    .toBe(2)
  await expect
    .poll(() => page.evaluate(() => document.querySelector('.segments .attention')?.textContent ?? ''))
    .toBe('')
  // The last stroke is there when the revision rests.
  let last = -1
  await expect
    .poll(
      async () => {
        const { rev } = await kept()
        const rests = rev === last
        last = rev
        return rests
      },
      { interval: 700 },
    )
    .toBe(true)
  await page.reload()
  await openStudy()
  await goTo(BALL.slice + 1)
  await expect.poll(async () => (await coloured()).join()).toBe(drawn.join())
})

test('on planes through the volume it is shown and not drawn', async () => {
  await page.keyboard.press('v')
  await expect
    .poll(() => page.evaluate(() => window.isocenter.viewports().filter(({ settled }) => settled).length), {
      timeout: 15_000,
    })
    .toBeGreaterThan(2)
  await expect
    .poll(() =>
      page.evaluate(() => {
        const all = [...document.querySelectorAll<HTMLCanvasElement>('.segments-canvas')]
        return all.filter(canvas => {
          const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
          return data.some(level => level !== 0)
        }).length
      }),
    )
    .toBeGreaterThan(2)
  await shot('mpr')
  await page.keyboard.press('Alt+q')
  const box = (await page.locator('[data-pane="1"] .canvas').boundingBox())!
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2)
  await expect.poll(() => page.locator('body').textContent()).toContain('segments are drawn on the images themselves')
  await page.keyboard.press('Escape')
  await page.keyboard.press('v')
})

test('saved, it is a segmentation of the study with these voxels; a copy of it is gone on with', async () => {
  await page.keyboard.press('Alt+1')
  await page.locator(`[data-set^="${CT}"]`).first().dblclick()
  await goTo(BALL.slice + 1)
  if (!(await page.locator('.segments').isVisible())) await page.keyboard.press('Alt+m')
  await page.locator('.segments').getByRole('button', { name: 'Save' }).click()
  await page.locator('.segments-note', { hasText: /^saved$/ }).waitFor()
  const stored = await savedObject()
  expect(stored.segments.map(({ label }) => label)).toEqual(['Segment 1', 'Segment 2'])
  const masks = stored.segments[0]!.region.slabs.map(({ mask, plane }) => ({ ...mask!(), z: plane.position[2] }))
  const wrong = masks.flatMap(({ data, z }) =>
    [...data].flatMap((value, i) =>
      (value !== 0) === isBall(i % SIDE, Math.floor(i / SIDE), Math.round(z / STEP)) ? [] : [i],
    ),
  )
  expect(wrong.length).toBe(0)
  expect(masks.flatMap(({ data }) => [...data]).filter(Boolean).length).toBe(ballVoxels)
  // Saved, nothing is left to be kept.
  await expect.poll(async () => (await station.call('segments.get', { StudyInstanceUID: STUDY })).parts).toEqual([])
  const drawn = await coloured()
  await page.getByRole('button', { name: 'Discard…' }).click()
  await page.getByRole('button', { name: 'Discard', exact: true }).click()
  await expect.poll(count).toBe(0)
  await page.locator('.segments-copies button').first().click()
  await expect.poll(async () => (await coloured()).join()).toBe(drawn.join())
  await shot('copy')
  expect(trouble.found).toEqual([])
})

test('what is drawn in one window is saved when the study is saved in another', async () => {
  const parts = async () => (await station.call('segments.get', { StudyInstanceUID: STUDY })).parts.length
  await page.keyboard.press('Alt+q')
  await drag([15, 20], [22, 20])
  await expect.poll(parts).toBeGreaterThan(0)
  const other = await page.context().newPage()
  await other.goto(station.origin)
  await other.locator(`[data-study="${STUDY}"]`).dblclick()
  await other.waitForFunction(() => window.isocenter?.viewports()[0]?.settled)
  await other.keyboard.press('Control+s')
  await expect.poll(parts).toBe(0)
  const answer = await station.get(`/dicom-web/studies/${STUDY}/instances?Modality=SEG`)
  expect(await answer.json()).toHaveLength(2)
  // One window at a time has what is drawn.
  await other.close()
  expect(trouble.found).toEqual([])
})

test('what is drawn on an image that is not here is kept when the rest is saved, and is there again with its image', async () => {
  const kept = () => station.call('segments.get', { StudyInstanceUID: STUDY })
  const stored = async () => {
    const answer = await station.get(`/dicom-web/studies/${STUDY}/instances?Modality=SEG`)
    return ((await answer.json()) as unknown[]).length
  }
  await drag([15, 25], [22, 25])
  await expect.poll(async () => (await kept()).parts.length).toBeGreaterThan(1)
  await page.goto('about:blank')
  // As if the last image had been here when it was drawn on, and were gone now.
  const { parts, rev } = await kept()
  const head = parts.find(({ part }) => part.endsWith('/head'))!
  const name = head.part.replace('head', `${CT}.${SLICES + 1}#1`)
  const labels = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => Number(i % SIDE > 50 && i % SIDE < 60 && i < 960))
  const data = deflateRawSync(encodeRuns(labels)).toString('base64')
  await station.call('segments.put', { StudyInstanceUID: STUDY, rev, parts: [{ part: name, data }] })
  await page.goto(station.origin)
  await openStudy()
  await goTo(BALL.slice + 1)
  await expect.poll(count).toBeGreaterThan(0)
  await page.keyboard.press('Alt+m')
  await page.locator('.segments-note', { hasText: '1 slice is of an image that is not here' }).waitFor()
  await shot('away')
  const before = await stored()
  await page.keyboard.press('Control+s')
  await expect.poll(stored).toBe(before + 1)
  await page.locator('.segments-note', { hasText: /^saved$/ }).waitFor()
  const changed = async () => {
    const parts = new Map((await kept()).parts.map(one => [one.part, one.data]))
    return parts.get(name) === data && JSON.parse(parts.get(head.part) ?? '{}').changed
  }
  await expect.poll(changed).toBe(false)
  // The image comes while the study is open.
  await station.job(await station.call('import.start', { paths: [await writeSlice(SLICES)] }))
  await page.locator('.segments-note', { hasText: 'not saved as DICOM yet' }).waitFor()
  await goTo(SLICES + 1)
  await expect.poll(count).toBe(labels.filter(Boolean).length)
  await page.keyboard.press('Control+s')
  await expect.poll(stored).toBe(before + 2)
  await expect.poll(async () => (await kept()).parts).toEqual([])
  expect(trouble.found).toEqual([])
})

test('kept bytes that cannot be read are told of as such, not as an image that is yet to come', async () => {
  const kept = () => station.call('segments.get', { StudyInstanceUID: STUDY })
  await goTo(BALL.slice + 1)
  await page.keyboard.press('Alt+q')
  await drag([60, 70], [67, 70])
  await expect.poll(async () => (await kept()).parts.length).toBeGreaterThan(1)
  await page.goto('about:blank')
  const { parts, rev } = await kept()
  const head = parts.find(({ part }) => part.endsWith('/head'))!
  const name = head.part.replace('head', `${CT}.1#1`)
  await station.call('segments.put', {
    StudyInstanceUID: STUDY,
    rev,
    parts: [{ part: name, data: 'bm90IGRlZmxhdGVk' }],
  })
  await page.goto(station.origin)
  await openStudy()
  await page.keyboard.press('Alt+m')
  const note = page.locator('.segments-note', { hasText: 'What was kept of 1 slice cannot be read' })
  await note.waitFor()
  expect(await page.locator('.segments-note', { hasText: 'not here' }).count()).toBe(0)
  await shot('unreadable')
  await page.getByRole('button', { name: 'Discard…' }).click()
  await page.getByRole('button', { name: 'Discard', exact: true }).click()
  await expect.poll(async () => (await kept()).parts).toEqual([])
  expect(trouble.found).toEqual([])
})

async function savedObject() {
  const answer = await station.get(`/dicom-web/studies/${STUDY}/instances?Modality=SEG`, {
    accept: 'application/dicom+json',
  })
  const [found] = (await answer.json()) as Array<Record<string, { Value?: string[] }>>
  const [series, instance] = [found?.['0020000E']?.Value?.[0], found?.['00080018']?.Value?.[0]]
  const file = await station.get(`/dicom-web/studies/${STUDY}/series/${series}/instances/${instance}`, {
    accept: 'application/dicom; transfer-syntax=*',
  })
  const bytes = new Uint8Array(await file.arrayBuffer())
  const meta = readFileMeta(bytes)!
  return readSegmentation(DataSet.read(bytes, encodingOf(meta.TransferSyntaxUID), { offset: meta.dataSetOffset }))
}
