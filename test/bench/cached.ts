/**
 * `npm run bench -- cached [--full]`: from the UIDs of a CT series to all of its slices decoded in Cornerstone's cache, the
 * viewer's own loader beside Cornerstone's wadouri loader: same page, same cache, same station, in turns. 500 slices with
 * --full, else 100.
 */
import { sendBytes } from '../fakes/byteSender.ts'
import { launchChromium } from '../fixtures/chromium.ts'
import { startStation } from '../fixtures/station.ts'
import { raceToCached } from './cachedRace.ts'
import { type BenchImage, buildSlices } from './ctStudies.ts'
import { machine, percentile, summary } from './figures.ts'
import { untilQuiet } from './quiet.ts'

const SLICES = process.argv.includes('--full') ? 500 : 100
const RUNS = 5

const station = await startStation()
try {
  console.log(`cached: ${SLICES} CT slices 512×512, ${machine()}`)
  const images = buildSlices(SLICES)
  await sendBytes(images, { port: station.dimsePort, associations: 4 })
  await untilQuiet(station)
  const [{ StudyInstanceUID, SeriesInstanceUID }] = images as [BenchImage]
  const SOPInstanceUIDs = images.map(image => image.SOPInstanceUID)
  const browser = await launchChromium({ gl: false })
  try {
    const series = { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUIDs }
    const { ours, wadouri } = await raceToCached(browser, station, series, RUNS)
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
