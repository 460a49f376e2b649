/**
 * `npm run bench -- cached [--full]`: from the UIDs of a CT series to all of its slices decoded in Cornerstone's cache, the
 * viewer's own loader beside Cornerstone's wadouri loader: same page, same cache, same station, in turns. 500 slices with
 * --full, else 100.
 */
import { sendBytes } from '../fakes/byteSender.ts'
import { launchChromium } from '../fixtures/chromium.ts'
import { startStation } from '../fixtures/station.ts'
import { raceToCached } from './cachedRace.ts'
import { type BenchImage, buildSlices, renumbered } from './ctStudies.ts'
import { machine, percentile, summary } from './figures.ts'
import { untilQuiet } from './quiet.ts'

const SLICES = process.argv.includes('--full') ? 500 : 100
const WARM_UP = 20
const RUNS = 5

const station = await startStation()
try {
  console.log(`cached: ${SLICES} CT slices 512×512, ${machine()}`)
  const series = []
  for (const [number, slices] of [SLICES, WARM_UP].entries()) {
    const images = renumbered(buildSlices(slices), number)
    await sendBytes(images, { port: station.dimsePort, associations: 4 })
    series.push(images[0] as BenchImage)
  }
  await untilQuiet(station)
  const [raced, warmUp] = series as [BenchImage, BenchImage]
  const browser = await launchChromium()
  try {
    const { ours, wadouri } = await raceToCached(browser, station, raced, warmUp, RUNS)
    const ms = (times: typeof ours) => times.map(time => time.ms)
    console.log(`Isocenter  ${summary(ms(ours))}`)
    console.log(`wadouri    ${summary(ms(wadouri))}`)
    const ratios = ms(ours).map((time, run) => time / (ms(wadouri)[run] ?? Number.NaN))
    console.log(`ratio      median ${percentile(ratios, 50).toFixed(2)}, worst ${Math.max(...ratios).toFixed(2)}`)
  } finally {
    await browser.close()
  }
} finally {
  await station.stop()
}
