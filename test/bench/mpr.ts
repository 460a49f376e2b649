/**
 * `npm run bench -- mpr [--full] [--smoke]`: from the key V to the three planes of a CT of 500 slices 512×512: the first of them on the
 * screen, all three, and all with every slice in them; with the series in the frame cache, and while it is still coming from
 * the station. Then a page of the coronal plane, one through a slab of 20 mm, and how often the planes follow while a handle
 * turns them. Last what a notch of the wheel costs the page on the images beside the planes, with lines, words and a mark on, and on
 * the images alone, and how many pictures are drawn under a wheel of a notch for each frame of the display. On the CPU path, as on a machine without a graphics card.
 */
import type { Page } from 'playwright-core'
import { sendBytes } from '../fakes/byteSender.ts'
import { launchChromium, openWorkstation } from '../fixtures/chromium.ts'
import { startStation } from '../fixtures/station.ts'
import { type BenchImage, buildSlices, renumbered } from './ctStudies.ts'
import { machine, percentile } from './figures.ts'
import { untilQuiet } from './quiet.ts'

const SMOKE = process.argv.includes('--smoke')
const SLICES = SMOKE ? 40 : 500
const RUNS = process.argv.includes('--full') ? 3 : 1
const PAGES = SMOKE ? 3 : 20
const NOTCHES = SMOKE ? 5 : 60

const station = await startStation()
const browser = await launchChromium()
try {
  console.log(`mpr: CT ${SLICES} slices 512×512, ${machine()}`)
  const slices = buildSlices(SLICES)
  const studies: string[] = []
  for (let number = 0; number < RUNS; number++) {
    const images = renumbered(slices, number)
    await sendBytes(images, { port: station.dimsePort, associations: 4 })
    studies.push((images[0] as BenchImage).StudyInstanceUID)
  }
  await untilQuiet(station)
  const runs = { cold: [] as Planes[], cached: [] as Planes[] }
  for (const [run, study] of studies.entries()) {
    const { context, page, trouble } = await openWorkstation(browser, station.url)
    await page.locator(`[data-study="${study}"]`).dblclick()
    await page.waitForFunction(() => window.isocenter?.viewports()[0]?.settled)
    runs.cold.push(await planes(page))
    await page.keyboard.press('v')
    await page.waitForFunction(() => {
      const all = window.isocenter.viewports()
      return all.length === 1 && all[0]?.loaded === all[0]?.images
    })
    // The volume before is let go after five seconds: this one is copied anew.
    await page.waitForTimeout(6000)
    runs.cached.push(await planes(page))
    if (run === RUNS - 1) await hand(page)
    if (trouble.found.length > 0) throw new Error(trouble.found.join('\n'))
    await context.close()
  }
  for (const [name, all] of Object.entries(runs)) {
    const median = (of: keyof Planes) =>
      percentile(
        all.map(one => one[of]),
        50,
      ).toFixed(0)
    console.log(
      `${name.padEnd(6)}  first plane ${median('first')} ms, three planes ${median('all')} ms, complete ${median('whole')} ms, longest hold of the page ${median('held')} ms (median of ${all.length})`,
    )
  }
} finally {
  await browser.close()
  await station.stop()
}

/** ms after the key. */
interface Planes {
  first: number
  all: number
  whole: number
  /** The longest time between two frames of the display until then. */
  held: number
}

/** ms. */
interface Paged {
  seen: number
  fine: number
}

async function planes(page: Page): Promise<Planes> {
  await page.evaluate(() => {
    const scope = window as Window & { planes?: Promise<Planes> }
    scope.planes = new Promise((resolve, reject) => {
      const found: Planes = { first: 0, all: 0, whole: 0, held: 0 }
      addEventListener(
        'keydown',
        event => {
          const began = event.timeStamp
          let before = performance.now()
          const look = (now: number) => {
            found.held = Math.max(found.held, now - before)
            before = now
            const shown = window.isocenter.viewports().filter(one => one.SOPInstanceUID.startsWith('mpr:'))
            if (shown.length > 0) found.first ||= now - began
            if (shown.length === 3) found.all ||= now - began
            const refused = document.querySelector('.pane-note')?.textContent
            if (refused) reject(new Error(refused))
            const words = [...document.querySelectorAll('.mark')].map(mark => mark.textContent ?? '')
            const settled = shown.length === 3 && shown.every(one => one.settled)
            if (settled && !words.some(text => text.startsWith('loaded'))) {
              found.whole = now - began
              resolve(found)
            } else requestAnimationFrame(look)
          }
          requestAnimationFrame(look)
        },
        { capture: true, once: true },
      )
    })
  })
  await page.keyboard.press('v')
  return page.evaluate(() => (window as Window & { planes?: Promise<Planes> }).planes!)
}

/** ms from a key to the next picture of the coronal pane, and until it is as fine as it gets. */
async function pageOnce(page: Page, key: string): Promise<Paged> {
  await page.evaluate(() => {
    const scope = window as Window & { paged?: Promise<Paged> }
    const coronal = () => window.isocenter.viewports().find(one => one.id === 'pane-1')
    scope.paged = new Promise(resolve => {
      addEventListener(
        'keydown',
        event => {
          const before = coronal()?.SOPInstanceUID
          const found: Paged = { seen: 0, fine: 0 }
          const look = (now: number) => {
            const pane = coronal()
            if (pane?.SOPInstanceUID !== before) found.seen ||= now - event.timeStamp
            if (found.seen > 0 && pane?.settled) resolve({ ...found, fine: now - event.timeStamp })
            else requestAnimationFrame(look)
          }
          requestAnimationFrame(look)
        },
        { capture: true, once: true },
      )
    })
  })
  await page.keyboard.press(key)
  return page.evaluate(() => (window as Window & { paged?: Promise<Paged> }).paged!)
}

async function hand(page: Page): Promise<void> {
  const box = (await page.locator('[data-pane="1"] .canvas').boundingBox())!
  await page.mouse.click(box.x + 30, box.y + 200)
  const paged = async () => {
    const all: Paged[] = []
    for (let at = 0; at < PAGES; at++) all.push(await pageOnce(page, 'PageDown'))
    const words = (of: keyof Paged) => {
      const ms = all.map(one => one[of])
      return `p50 ${percentile(ms, 50).toFixed(0)} ms, p95 ${percentile(ms, 95).toFixed(0)} ms`
    }
    return `${words('seen')}; fine ${words('fine')}`
  }
  console.log(`a page of the coronal plane: ${await paged()}`)
  for (const key of [']', ']', ']', ']', ']']) await page.keyboard.press(key)
  await page.waitForFunction(() => document.querySelector('[data-pane="1"]')?.textContent?.includes('MIP 20 mm'))
  console.log(`through 20 mm (MIP): ${await paged()}`)
  await page.keyboard.press('Shift+M')
  await page.keyboard.press('Shift+M')
  await page.keyboard.press('Shift+M')
  await page.waitForFunction(() => !document.querySelector('[data-pane="1"]')?.textContent?.includes(' 20 mm,'))
  await turn(page)
  await mark(page, 3)
  console.log(`a notch on the images beside the planes: ${await notches(page, 3)}`)
  await page.keyboard.press('v')
  await page.waitForFunction(() => window.isocenter.viewports().length === 1)
  console.log(`… on the images alone: ${await notches(page, 0)}`)
}

/** A length on the picture of a pane. */
async function mark(page: Page, index: number): Promise<void> {
  const box = (await page.locator(`[data-pane="${index}"] .canvas`).boundingBox())!
  await page.mouse.click(box.x + 30, box.y + 200)
  await page.keyboard.press('l')
  await page.mouse.move(box.x + 100, box.y + 150)
  await page.mouse.down()
  await page.mouse.move(box.x + 200, box.y + 180, { steps: 3 })
  await page.mouse.up()
}

/** What a notch costs the page's thread, at one for two frames of the display. */
async function notches(page: Page, index: number): Promise<string> {
  const box = (await page.locator(`[data-pane="${index}"] .canvas`).boundingBox())!
  await page.mouse.move(box.x + box.width / 3, box.y + box.height / 3)
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable')
  const spent = async () => {
    const { metrics } = await session.send('Performance.getMetrics')
    return ['TaskDuration', 'ScriptDuration'].map(name => (metrics.find(one => one.name === name)?.value ?? 0) * 1000)
  }
  const before = await spent()
  for (let notch = 0; notch < NOTCHES; notch++) {
    await page.mouse.wheel(0, 120)
    await page.evaluate(() => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve))))
  }
  const after = await spent()
  const [task, script] = after.map((ms, at) => ((ms - before[at]!) / NOTCHES).toFixed(1))
  return `${task} ms of tasks, of it ${script} ms of script; ${await held(page, index)}`
}

/** Distinct pictures of a pane while each frame of the display brings a notch, there and back, two seconds in all. */
async function held(page: Page, index: number): Promise<string> {
  await page.keyboard.press('Home')
  await page.waitForTimeout(500)
  const {
    pictures,
    notches: turned,
    seconds,
  } = await page.evaluate(
    ({ at, most }) =>
      new Promise<{ pictures: number; notches: number; seconds: number }>(resolve => {
        const pane = document.querySelector(`[data-pane="${at}"] .canvas`)!
        const { x, y, width, height } = pane.getBoundingClientRect()
        const [clientX, clientY] = [x + width / 3, y + height / 3]
        const target = document.elementFromPoint(clientX, clientY)!
        const found = { pictures: -1, notches: 0 }
        let last = ''
        const began = performance.now()
        const look = (now: number) => {
          const shown = window.isocenter.viewports().find(one => one.id === `pane-${at}`)?.SOPInstanceUID ?? ''
          if (shown !== last) found.pictures++
          last = shown
          const seconds = (now - began) / 1000
          if (seconds > 2) return resolve({ ...found, seconds })
          const isBack = found.notches % (2 * most) >= most
          found.notches++
          const turn = { deltaY: isBack ? -120 : 120, bubbles: true, cancelable: true, clientX, clientY }
          target.dispatchEvent(new WheelEvent('wheel', turn))
          requestAnimationFrame(look)
        }
        requestAnimationFrame(look)
      }),
    { at: index, most: Math.min(SLICES - 2, 90) },
  )
  return `${(pictures / seconds).toFixed(1)} pictures of ${(turned / seconds).toFixed(1)} notches a second`
}

/** Distinct pictures of the coronal pane while a handle goes round for a second, 60 moves. */
async function turn(page: Page): Promise<void> {
  const handle = page.locator('[data-pane="0"] circle.handle').first()
  const at = (await handle.boundingBox())!
  const lines = page.locator('[data-pane="0"] svg.mpr')
  const box = (await page.locator('[data-pane="0"] .canvas').boundingBox())!
  const [x, y] = [
    Number(await lines.getAttribute('data-x')) + box.x,
    Number(await lines.getAttribute('data-y')) + box.y,
  ]
  const [dx, dy] = [at.x + at.width / 2 - x, at.y + at.height / 2 - y]
  await page.evaluate(() => {
    const scope = window as Window & { turned?: Set<string> }
    const seen = new Set<string>()
    scope.turned = seen
    const look = () => {
      const name = window.isocenter.viewports().find(one => one.id === 'pane-1')?.SOPInstanceUID
      if (name !== undefined) seen.add(name)
      requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  })
  await page.mouse.move(x + dx, y + dy)
  await page.mouse.down()
  const began = performance.now()
  const moves = 60
  for (let move = 1; move <= moves; move++) {
    const angle = move / moves
    const [cosine, sine] = [Math.cos(angle), Math.sin(angle)]
    await page.mouse.move(x + dx * cosine - dy * sine, y + dx * sine + dy * cosine)
    const wait = began + (move * 1000) / moves - performance.now()
    if (wait > 0) await page.waitForTimeout(wait)
  }
  const seconds = (performance.now() - began) / 1000
  const pictures = await page.evaluate(() => (window as Window & { turned?: Set<string> }).turned!.size - 1)
  await page.mouse.up()
  console.log(`turned by a handle: ${(pictures / seconds).toFixed(1)} pictures of the coronal pane a second`)
}
