import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { build } from 'vite'
import { openWorkstation } from '../fixtures/chromium.ts'
import { REPOSITORY, type RunningStation } from '../fixtures/station.ts'
import type { Cached, CachedSeries } from './cachedPage.ts'

const BUNDLE = path.join(REPOSITORY, 'out/bench-cached')

/** Bundles the page with its decode worker under out/; never part of the product. */
async function bundlePage(): Promise<void> {
  await build({
    configFile: path.join(REPOSITORY, 'build/vite.config.ts'),
    logLevel: 'error',
    base: '/bench/',
    build: {
      outDir: BUNDLE,
      rolldownOptions: {
        input: path.join(import.meta.dirname, 'cachedPage.ts'),
        output: { entryFileNames: 'page.js', assetFileNames: '[name][extname]', chunkFileNames: '[name].js' },
      },
    },
  })
}

/** Shows the page under the station's own origin, whose counter it then uses directly, as a window does. */
async function openPage(browser: Browser, station: RunningStation): Promise<Page> {
  const { context, page } = await openWorkstation(browser, station.url)
  const client = await context.newCDPSession(page)
  const files = (await readdir(BUNDLE, { recursive: true })).map(name => name.split(path.sep).join('/'))
  // Only these: a route of the browser's driver would hold up every frame.
  await client.send('Fetch.enable', { patterns: [{ urlPattern: `${station.origin}/bench/*` }] })
  client.on('Fetch.requestPaused', ({ requestId, request }) => {
    const name = new URL(request.url).pathname.slice('/bench/'.length)
    const html = name === ''
    const type = html ? 'text/html' : name.endsWith('.wasm') ? 'application/wasm' : 'text/javascript'
    const body = html
      ? Promise.resolve(Buffer.from('<!doctype html><script type="module" src="/bench/page.js"></script>'))
      : files.includes(name)
        ? readFile(path.join(BUNDLE, name))
        : undefined
    const answer = async () =>
      client.send('Fetch.fulfillRequest', {
        requestId,
        responseCode: body === undefined ? 404 : 200,
        responseHeaders: [
          { name: 'content-type', value: type },
          { name: 'cross-origin-opener-policy', value: 'same-origin' },
          { name: 'cross-origin-embedder-policy', value: 'require-corp' },
        ],
        body: (await body)?.toString('base64') ?? '',
      })
    void answer()
  })
  return page
}

/** A series as the station has it and as the wadouri loader is given it. */
interface Runner {
  series: CachedSeries
  imageIds: string[]
}

async function runner(station: RunningStation, { StudyInstanceUID, SeriesInstanceUID }: CachedSeries): Promise<Runner> {
  const { instances } = await station.call('series.open', { StudyInstanceUID, SeriesInstanceUID })
  const folder = `${station.origin}/dicom-web/studies/${StudyInstanceUID}/series/${SeriesInstanceUID}/instances`
  const accept = encodeURIComponent('application/dicom;transfer-syntax=*')
  const imageIds = instances.map(({ SOPInstanceUID }) => `wadouri:${folder}/${SOPInstanceUID}?accept=${accept}`)
  return { series: { StudyInstanceUID, SeriesInstanceUID }, imageIds }
}

/**
 * Loads the series `runs` times each way, in turns, after `warmUp` has been loaded both ways. The page is loaded anew for each
 * run: what the wadouri loader has once read it does not ask for again, whatever is purged.
 */
export async function raceToCached(
  browser: Browser,
  station: RunningStation,
  raced: CachedSeries,
  warmUp: CachedSeries,
  runs: number,
): Promise<{ ours: Cached[]; wadouri: Cached[] }> {
  await bundlePage()
  const page = await openPage(browser, station)
  const order = [await runner(station, warmUp), await runner(station, raced)]
  const times = { ours: [] as Cached[], wadouri: [] as Cached[] }
  for (let run = 0; run < runs; run++) {
    await page.goto(`${station.origin}/bench/?rendering=cpu`)
    await page.waitForFunction(() => window.race !== undefined)
    for (const { series, imageIds } of order) {
      const ours = await page.evaluate(wanted => window.race.ours(wanted), series)
      await page.evaluate(() => window.race.purge())
      const wadouri = await page.evaluate(wanted => window.race.wadouri(wanted), imageIds)
      await page.evaluate(() => window.race.purge())
      if (series === order[0]?.series) continue
      times.ours.push(ours)
      times.wadouri.push(wadouri)
    }
  }
  await page.context().close()
  return times
}
