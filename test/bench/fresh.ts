/**
 * `npm run bench -- fresh [--full]`: while 10 associations push, is an instance in QIDO-RS as soon as its C-STORE response is
 * here, and how long after a study's last response is its row, with the right number of images, painted on the worklist?
 */

import { encodingOf } from '../../shared/dicom/encoding.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { writeDataSet } from '../../shared/dicom/writer.ts'
import { type SendObject, sendBytes } from '../fakes/byteSender.ts'
import { launchChromium, openWorkstation } from '../fixtures/chromium.ts'
import { startStation } from '../fixtures/station.ts'
import { machine, summary } from './figures.ts'

const ASSOCIATIONS = 10
const IMAGES = process.argv.includes('--full') ? 40 : 10
/** All of them fit on the screen: a row that is not there cannot be painted. */
const STUDIES = 25
const CT = '1.2.840.10008.5.1.4.1.1.2'

const station = await startStation()
const browser = await launchChromium()
try {
  console.log(
    `fresh: ${STUDIES * IMAGES} CT of 512×512 in ${STUDIES} studies over ${ASSOCIATIONS} associations, ${machine()}`,
  )
  const { page, trouble } = await openWorkstation(browser, station.url)
  await page.getByText('No studies yet').waitFor()
  await page.evaluate(wanted => {
    const scope = window as Window & { painted?: Record<string, number> }
    const painted: Record<string, number> = {}
    scope.painted = painted
    const look = () => {
      for (const row of document.querySelectorAll<HTMLElement>('[data-study]')) {
        const uid = row.dataset.study ?? ''
        const cells = [...row.querySelectorAll('[role=gridcell]')].map(cell => cell.textContent?.trim())
        if (!(uid in painted) && cells.includes(String(wanted))) {
          // Two frames on, what was in the document now has been presented.
          painted[uid] = 0
          requestAnimationFrame(() => requestAnimationFrame(() => (painted[uid] = Date.now())))
        }
      }
    }
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true })
  }, IMAGES)

  let asked = 0
  let found = 0
  const answered = new Map<string, number>()
  let next = 0
  const scanner = async () => {
    for (let study = next++; study < STUDIES; study = next++) {
      for (const object of ctStudy(study)) {
        const [result] = await sendBytes([object], { port: station.dimsePort, callingAET: `CT${study % 10}` })
        if (result?.status !== 0) throw new Error(`C-STORE ended with ${result?.status.toString(16)}`)
        answered.set(object.StudyInstanceUID, Date.now())
        const response = await station.get(
          `/dicom-web/studies/${object.StudyInstanceUID}/instances?SOPInstanceUID=${object.SOPInstanceUID}`,
        )
        asked += 1
        if (((await response.json()) as unknown[]).length === 1) found += 1
      }
    }
  }
  await Promise.all(Array.from({ length: ASSOCIATIONS }, scanner))
  const uids = [...answered.keys()]
  await page.waitForFunction(
    wanted => wanted.every(uid => ((window as Window & { painted?: Record<string, number> }).painted?.[uid] ?? 0) > 0),
    uids,
    { timeout: 60_000 },
  )
  const painted = await page.evaluate(() => (window as Window & { painted?: Record<string, number> }).painted ?? {})
  const delays = uids.map(uid => (painted[uid] ?? Number.NaN) - (answered.get(uid) ?? 0))
  console.log(`QIDO after the response: ${found} of ${asked} contained the instance`)
  console.log(`row painted after the study's last response: ${summary(delays)}`)
  if (trouble.found.length > 0) throw new Error(trouble.found.join('\n'))
  if (found !== asked) process.exitCode = 1
} finally {
  await browser.close()
  await station.stop()
}

function ctStudy(study: number): Array<SendObject & { StudyInstanceUID: string }> {
  const StudyInstanceUID = `2.25.7000${study}`
  return Array.from({ length: IMAGES }, (_, image) => {
    const SOPInstanceUID = `2.25.7002${study}.${image + 1}`
    const dataSet = writeDataSet(
      {
        SOPClassUID: CT,
        SOPInstanceUID,
        StudyInstanceUID,
        SeriesInstanceUID: `2.25.7001${study}`,
        PatientName: `SYNTHETIC^FRESH ${study}`,
        PatientID: `SYNTHETIC-FRESH-${study}`,
        StudyDate: '20260401',
        Modality: 'CT',
        InstanceNumber: image + 1,
        Rows: 512,
        Columns: 512,
        BitsAllocated: 16,
        BitsStored: 12,
        HighBit: 11,
        PixelRepresentation: 0,
        SamplesPerPixel: 1,
        PhotometricInterpretation: 'MONOCHROME2',
        PixelData: new Uint16Array(512 * 512).fill(study * 16 + image),
      },
      encodingOf(TS.ExplicitVRLittleEndian),
    )
    return { SOPClassUID: CT, SOPInstanceUID, TransferSyntaxUID: TS.ExplicitVRLittleEndian, dataSet, StudyInstanceUID }
  })
}
