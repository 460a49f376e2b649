import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {} from '../../renderer/viewer/probe.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { BODY_SUV, CT, LESION, LESION_SUV, PET, PET_CT_STUDY, writePetCt } from '../fixtures/petCt.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/** A generated PET/CT (test/fixtures/petCt.ts) in the reader's hand. Each test goes on where the one before ended. */
let station: RunningStation
let browser: Browser
let page: Page
let trouble: PageTrouble
let folder = ''

const pane = (index: number) => page.locator(`[data-pane="${index}"]`)
const shot = (name: string) => page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `fusion-${name}.png`) })
const inPane = (index: number, id: string) => pane(index).getByTestId(id)

/** Image coordinates of the lesion in a slice of a series. */
const lesionIn = ({ spacing, origin }: typeof CT): [number, number] => [
  (LESION[0] - origin[0]!) / spacing + 0.5,
  (LESION[1] - origin[1]!) / spacing + 0.5,
]

/** The pointer over a point of a pane's image. */
async function pointAt(index: number, [x, y]: [number, number]): Promise<void> {
  const box = (await pane(index).locator('.canvas').boundingBox())!
  const at = await page.evaluate(
    ([pane, x, y]) => {
      const { a, b, c, d, e, f } = window.isocenter.viewports().find(one => one.id === `pane-${pane}`)!.transform!
      return [a * x! + c * y! + e, b * x! + d * y! + f]
    },
    [index, x, y],
  )
  await page.mouse.move(box.x + at[0]! + 1, box.y + at[1]! + 1)
  await page.mouse.move(box.x + at[0]!, box.y + at[1]!)
}

/** The middle of what is brightest in the colours over a pane's picture, in image coordinates of that picture, and how much. */
const hotSpot = (index: number) =>
  page.evaluate(
    ([index, columns]) => {
      const canvas = document.querySelector<HTMLCanvasElement>(`[data-pane="${index}"] .fused`)
      const image = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height)
      if (!canvas || !image) return undefined
      let [x, y, n] = [0, 0, 0]
      for (let at = 0; at < image.data.length / 4; at++) {
        // Of hot iron, green begins at half the window.
        if (image.data[4 * at + 1]! < 100) continue
        x += at % image.width
        y += Math.floor(at / image.width)
        n++
      }
      const scale = columns! / image.width
      return n === 0 ? undefined : { x: (x / n + 0.5) * scale, y: (y / n + 0.5) * scale, area: n * scale * scale }
    },
    [index, CT.columns],
  )

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-fusion-'))
  await writePetCt(folder)
  station = await startStation()
  await station.job(await station.call('import.start', { paths: [folder] }))
  // By hand here: how a PET/CT hangs by itself is the matter of hanging.test.ts.
  await station.call('settings.set', { key: 'hanging', value: { automatic: false } })
  browser = await launchChromium()
  ;({ page, trouble } = await openWorkstation(browser, station.url, { width: 1100, height: 760 }))
  await page.locator('.viewer').waitFor({ state: 'attached' })
  await page.locator(`[data-study="${PET_CT_STUDY}"]`).dblclick()
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  await rm(folder, { recursive: true, force: true })
})

test('the PET lies over the CT: its hot spot on the lesion, with both names, dates and values', async () => {
  await expect.poll(() => inPane(0, 'image-number').textContent()).toContain(`image 1/${CT.slices}`)
  await pointAt(0, [64, 48])
  const slice = Math.round((LESION[2] - CT.origin[2]!) / CT.step)
  for (let at = 0; at < slice; at++) await page.keyboard.press('PageDown')
  await page.keyboard.press('Alt+f')
  await expect.poll(() => hotSpot(0), { timeout: 20_000 }).toBeDefined()
  const spot = (await hotSpot(0))!
  const [x, y] = lesionIn(CT)
  // Half a voxel of the PET.
  const half = PET.spacing / CT.spacing / 2
  expect(Math.abs(spot.x - x)).toBeLessThan(half)
  expect(Math.abs(spot.y - y)).toBeLessThan(half)
  const words = await inPane(0, 'fusion').textContent()
  for (const part of ['PT 3 PET corrected', 'over CT 2 CT body', '0.00–7.00 SUVbw', 'Hot iron']) {
    expect(words).toContain(part)
  }
  await pointAt(0, [x, y])
  await expect.poll(() => inPane(0, 'pointer-value').textContent()).toMatch(/^CT 120 HU · PT 8\.0\d SUVbw$/)
  await pointAt(0, [x - 25, y])
  await expect.poll(() => inPane(0, 'pointer-value').textContent()).toMatch(/^CT 40 HU · PT 1\.0\d SUVbw$/)
  await shot('axial')
})

test('opacity and colours have keys; another slice has its own colours, without the spot', async () => {
  await page.keyboard.press('Alt+[')
  await expect.poll(() => inPane(0, 'fusion').textContent()).toContain('50 % Hot iron')
  await page.keyboard.press('Alt+]')
  await page.keyboard.press('Alt+]')
  await expect.poll(() => inPane(0, 'fusion').textContent()).toContain('70 % Hot iron')
  await page.keyboard.press('Alt+g')
  await expect.poll(() => inPane(0, 'fusion').textContent()).toContain('PET 20 step')
  await shot('pet-20')
  await page.keyboard.press('Alt+g')
  await page.keyboard.press('Alt+g')
  await expect.poll(() => inPane(0, 'fusion').textContent()).toContain('Hot iron')
  await page.keyboard.press('Home')
  await expect.poll(() => inPane(0, 'image-number').textContent()).toContain('image 1/')
  await expect.poll(async () => [await pane(0).locator('.fused').count(), await hotSpot(0)]).toEqual([1, undefined])
})

test('a PET alone is dark on white and windowed in uptakes; its kinds are in the menu', async () => {
  await page.keyboard.press('Alt+f')
  await expect.poll(() => inPane(0, 'fusion').count()).toBe(0)
  await page.keyboard.press('ArrowRight')
  await expect.poll(() => inPane(0, 'image-number').textContent()).toContain('PT ·')
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
  expect(await inPane(0, 'colours').textContent()).toBe('Grey, inverted')
  await page.keyboard.press('2')
  await expect.poll(() => inPane(0, 'window').textContent()).toBe('0.00–7.00 SUVbw')
  // A display set goes up: the PET's slices are in the CT's order.
  const slice = PET.slices - 1 - Math.round((PET.origin[2]! - LESION[2]) / PET.step)
  await page.keyboard.press('Home')
  for (let at = 0; at < slice; at++) await page.keyboard.press('PageDown')
  await pointAt(0, lesionIn(PET))
  await expect.poll(() => inPane(0, 'pointer-value').textContent()).toMatch(/^(8\.0\d|7\.9\d) SUVbw$/)
  await shot('pet')
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').fill('SUVlbm(Janma)')
  await page.keyboard.press('Enter')
  await pointAt(0, lesionIn(PET))
  // 70 kg, 1.75 m, a woman: 46.2 kg of lean mass (Janmahasatian).
  const mass = (9270 * 70) / (8780 + (244 * 70) / 1.75 ** 2)
  await expect
    .poll(async () => Number.parseFloat((await inPane(0, 'pointer-value').textContent()) ?? ''))
    .toBeCloseTo((LESION_SUV * mass) / 70, 1)
  await expect.poll(() => inPane(0, 'window').textContent()).toContain('SUVlbm(Janma)')
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').fill('SUVbw: body')
  await page.keyboard.press('Enter')
  await pointAt(0, [30, 25])
  await expect
    .poll(async () => Number.parseFloat((await inPane(0, 'pointer-value').textContent()) ?? ''))
    .toBeCloseTo(BODY_SUV, 1)
})

test('what lies in another frame of reference is not laid over, and it is said why', async () => {
  await page.keyboard.press('ArrowRight')
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.seriesUID.endsWith('.4'))
  await page.keyboard.press('Alt+f')
  await expect.poll(() => page.locator('body').textContent()).toContain('another frame of reference')
  expect(await inPane(0, 'fusion').count()).toBe(0)
})

const settled = () => page.waitForSelector('.volume-canvas canvas[data-settled="true"]', { timeout: 60_000 })
const edge = (side: string) => pane(0).locator(`[data-volume-edge="${side}"]`).textContent()

test('a volume is turned by the hand; its letters say from where it is seen', async () => {
  await page.keyboard.press('ArrowLeft')
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.seriesUID.endsWith('.3'))
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
  await page.keyboard.press('Alt+v')
  await settled()
  expect([await edge('left'), await edge('right'), await edge('top'), await edge('bottom')]).toEqual([
    'R',
    'L',
    'H',
    'F',
  ])
  // Seen from the front the lesion is the darkest, where its x and z have it.
  const darkest = await page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('.volume-canvas canvas')!
    const { data, width } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
    let [x, y, n] = [0, 0, 0]
    for (let at = 0; at < data.length / 4; at++) {
      if (data[4 * at]! > 80) continue
      x += at % width
      y += Math.floor(at / width)
      n++
    }
    return {
      x: x / n + 0.5 - canvas.width / 2,
      y: y / n + 0.5 - canvas.height / 2,
      side: Math.min(canvas.width, canvas.height),
    }
  })
  const size = [PET.columns - 1, PET.rows - 1, PET.slices - 1]
  const half = [size[0]! * PET.spacing, size[1]! * PET.spacing, size[2]! * PET.step].map(length => length / 2)
  const mm = (2 * Math.hypot(...half)) / darkest.side
  const wanted = [LESION[0] - (PET.origin[0]! + half[0]!), PET.origin[2]! - half[2]! - LESION[2]]
  expect(Math.abs(darkest.x * mm - wanted[0]!)).toBeLessThan(PET.spacing / 2)
  expect(Math.abs(darkest.y * mm - wanted[1]!)).toBeLessThan(PET.step / 2)
  await shot('pet-mip')

  const box = (await pane(0).locator('.volume').boundingBox())!
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  await page.mouse.down()
  // A quarter of the pane is a quarter of a turn: what was in front goes to the right.
  await page.mouse.move(box.x + box.width / 2 + box.width / 4, box.y + box.height / 2, { steps: 5 })
  await page.mouse.up()
  await expect.poll(() => edge('right')).toBe('A')
  await settled()
  await page.keyboard.press('Alt+v')
  await expect.poll(() => inPane(0, 'volume').count()).toBe(0)
})

test('bone of a CT, cropped', async () => {
  await page.keyboard.press('ArrowLeft')
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.seriesUID.endsWith('.2'))
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
  await page.keyboard.press('Alt+v')
  await settled()
  await page.keyboard.press('2')
  await expect.poll(() => inPane(0, 'volume-preset').textContent()).toContain('CT bone')
  await settled()
  const lit = () =>
    page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('.volume-canvas canvas')!
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
      let count = 0
      for (let at = 0; at < data.length; at += 4) if (data[at]! > 60) count++
      return count / (canvas.width * canvas.height)
    })
  const whole = await lit()
  expect(whole).toBeGreaterThan(0.01)
  await shot('ct-bone')
  await page.getByRole('button', { name: 'Crop box' }).click()
  await page.getByLabel('Crop at H').fill(String(Math.round(CT.slices / 2)))
  await expect.poll(lit, { timeout: 20_000 }).toBeLessThan(0.7 * whole)
  await settled()
  await shot('ct-cropped')
  // The slider has the keys until something else is pressed.
  await page.getByRole('button', { name: 'Crop box' }).click()
  await page.keyboard.press('Alt+v')
  await expect.poll(() => inPane(0, 'volume').count()).toBe(0)
  expect(trouble.found).toEqual([])
})

/** What a rendered volume looks like in a small window, drawn as said: as it opens, then with other presets and cropped. */
async function renderedBy(
  rendering: 'cpu' | 'gl',
  look: (page: Page, drawing: Browser) => Promise<void>,
): Promise<void> {
  const drawing = await launchChromium({ gl: rendering === 'gl' })
  try {
    const small = await openWorkstation(drawing, station.url, {
      width: 620,
      height: 460,
      search: `rendering=${rendering}`,
    })
    await small.page.locator('.viewer').waitFor({ state: 'attached' })
    await small.page.locator(`[data-study="${PET_CT_STUDY}"]`).dblclick()
    await small.page.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
    await look(small.page, drawing)
    expect(small.trouble.found).toEqual([])
  } finally {
    await drawing.close()
  }
}

test('the graphics card draws the volumes that the processor draws, and the processor goes on when the card is lost', async () => {
  const canvas = '.volume-canvas canvas[data-settled="true"]'
  const pictures: Record<'cpu' | 'gl', Array<{ name: string; size: string; data: Buffer }>> = { cpu: [], gl: [] }
  for (const rendering of ['cpu', 'gl'] as const) {
    await renderedBy(rendering, async (small, drawing) => {
      const by = small.getByTestId('volume-drawn')
      const keep = async (name: string) => {
        await expect.poll(() => small.getByTestId('volume-preset').textContent()).toContain(name)
        await small.waitForSelector(canvas, { timeout: 60_000 })
        expect(await by.getAttribute('data-by')).toBe(rendering === 'gl' ? 'card' : 'processor')
        // As text: numbers go over one by one, some ten seconds for a picture.
        const [size, text] = await small.locator(canvas).evaluate((element: HTMLCanvasElement) => {
          const { width, height } = element
          const { data } = element.getContext('2d')!.getImageData(0, 0, width, height)
          return [`${width} × ${height}`, Array.from(data, level => String.fromCharCode(level)).join('')]
        })
        pictures[rendering].push({ name, size: size!, data: Buffer.from(text!, 'latin1') })
      }
      // As the study was left, another one may hang.
      const hang = async (series: string) => {
        await small.locator(`[data-set^="${series}"]`).dblclick()
        await small.waitForFunction(wanted => {
          const [one] = window.isocenter.viewports()
          return one?.settled && one.seriesUID === wanted
        }, series)
      }
      await hang(`${PET_CT_STUDY}.2`)
      await small.keyboard.press('Alt+v')
      await keep('Maximum intensity')
      await small.keyboard.press('2')
      await keep('CT bone')
      await small.getByRole('button', { name: 'Crop box' }).click()
      await small.getByLabel('Crop at H').fill(String(Math.round(CT.slices / 2)))
      await small.getByRole('button', { name: 'Crop box' }).click()
      await small.getByRole('button', { name: 'L', exact: true }).click()
      await small.keyboard.press('4')
      await keep('CT soft tissue')
      await hang(`${PET_CT_STUDY}.3`)
      await small.keyboard.press('Alt+v')
      await keep('Maximum intensity')
      await small.keyboard.press('2')
      await keep('PET uptake')
      if (rendering === 'cpu') return
      const session = await drawing.newBrowserCDPSession()
      await session.send('Browser.crashGpuProcess').catch(() => {})
      await small.keyboard.press('1')
      await expect.poll(() => small.getByTestId('volume-preset').textContent()).toContain('Maximum intensity')
      await expect.poll(() => by.getAttribute('data-by'), { timeout: 60_000 }).toBe('processor')
      await small.waitForSelector(canvas, { timeout: 60_000 })
    })
  }
  const apart = pictures.cpu.map(({ name, size, data }, at) => {
    const other = pictures.gl[at]!.data
    expect(pictures.gl[at]!.size).toBe(size)
    let [sum, far, lit] = [0, 0, 0]
    for (let i = 0; i < data.length; i++) {
      const off = Math.abs(data[i]! - other[i]!)
      sum += off
      if (off > 8) far++
      if (data[i]! > 30 && i % 4 !== 3) lit++
    }
    expect(lit, `${name}: something is seen`).toBeGreaterThan(1000)
    return { name, mean: sum / data.length, far: far / data.length }
  })
  // Singles fall on the other side of an edge here and there; nothing else may differ.
  expect(apart.filter(({ mean, far }) => mean > 0.25 || far > 0.005)).toEqual([])
})

test('over the planes through a volume, too: what is hot lies on the lesion of a coronal plane', async () => {
  await page.keyboard.press('v')
  await page.waitForFunction(() => window.isocenter.viewports().filter(one => one.settled).length === 4)
  // The original hangs last; the others go to the point in it.
  const slice = Math.round((LESION[2] - CT.origin[2]!) / CT.step)
  await pane(3)
    .locator('.canvas')
    .click({ position: { x: 20, y: 200 } })
  await page.keyboard.press('Home')
  for (let at = 0; at < slice; at++) await page.keyboard.press('PageDown')
  await expect.poll(() => inPane(3, 'image-number').textContent()).toContain(`image ${slice + 1}/`)
  await pointAt(3, lesionIn(CT))
  await page.keyboard.press('x')
  await pane(1)
    .locator('.canvas')
    .click({ position: { x: 20, y: 200 } })
  await page.keyboard.press('Alt+f')
  await expect.poll(() => hotSpot(1), { timeout: 20_000 }).toBeDefined()
  expect(await pane(1).locator('[data-edge="top"]').textContent()).toBe('H')
  const spot = (await hotSpot(1))!
  const box = (await pane(1).locator('.fused').boundingBox())!
  const scale = box.width / CT.columns
  await page.mouse.move(box.x + spot.x * scale + 1, box.y + spot.y * scale)
  await page.mouse.move(box.x + spot.x * scale, box.y + spot.y * scale)
  await expect.poll(() => inPane(1, 'pointer-value').textContent()).toMatch(/^CT 1[12]\d HU · PT [78]\.\d\d SUVbw$/)
  await shot('coronal')
  expect(trouble.found).toEqual([])
})
