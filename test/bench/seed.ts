/**
 * `npm run bench -- seed [--smoke]`: fifty modalities send five studies each at once; every study must be complete and every
 * data set come back by WADO-RS as it was sent. Then all of it again: nothing may change.
 */
import { parseArgs } from 'node:util'
import { readFileMeta } from '../../shared/dicom/part10.ts'
import { startStation } from '../fixtures/station.ts'
import { blast, rateOf } from './blaster.ts'
import { machine } from './figures.ts'
import { instanceOf, SERIES_IN_STUDY, template, uidOf } from './instances.ts'
import { gauges } from './stationGauges.ts'

const { values: options } = parseArgs({ options: { smoke: { type: 'boolean', default: false } } })
const MODALITIES = options.smoke ? 10 : 50
const STUDIES = MODALITIES * (options.smoke ? 2 : 5)
const IMAGES_IN_SERIES = options.smoke ? 3 : 10
const IMAGES_IN_STUDY = IMAGES_IN_SERIES * SERIES_IN_STUDY
const KIND = options.smoke ? 'tiny' : 'mr'
const RUN = 0
/** Requests under way at once while all is read back. */
const READERS = 6

const sent = template(KIND, RUN, IMAGES_IN_SERIES)
const station = await startStation()
try {
  console.log(`seed: ${MODALITIES} modalities, ${STUDIES} studies of ${IMAGES_IN_STUDY} ${KIND}, ${machine()}`)
  await sendAll('sent')
  const complete = await completeStudies()
  const before = await whatThereIs()
  await sendAll('sent again')
  const after = await whatThereIs()
  const still = await completeStudies()
  const unchanged = JSON.stringify(after) === JSON.stringify(before)
  console.log(`  complete and byte-equal: ${complete} of ${STUDIES}; after the resend: ${still} of ${STUDIES}`)
  console.log(
    `  changed by the resend: ${unchanged ? 'nothing' : `${JSON.stringify(before)} → ${JSON.stringify(after)}`}`,
  )
  if (complete !== STUDIES || still !== STUDIES || !unchanged) process.exitCode = 1
} finally {
  await station.stop()
}

async function sendAll(what: string): Promise<void> {
  const blasted = await blast({
    port: station.dimsePort,
    calledAET: station.aet,
    callingAETs: Array.from({ length: MODALITIES }, (_, i) => `MODALITY${i}`),
    kind: KIND,
    associations: MODALITIES,
    run: RUN,
    count: STUDIES * IMAGES_IN_STUDY,
    imagesInSeries: IMAGES_IN_SERIES,
    own: true,
  })
  console.log(
    `  ${what}: ${blasted.instances} in ${((blasted.ended - blasted.began) / 1000).toFixed(1)} s, ${rateOf(blasted).toFixed(0)}/s`,
  )
}

/** What a resend must leave alone. `seq` moves with every change that anybody is told of. */
async function whatThereIs() {
  const { studies, series, instances, stored_bytes, store_seq, problems } = await gauges(station)
  return { studies, series, instances, stored_bytes, store_seq, problems }
}

async function completeStudies(): Promise<number> {
  let complete = 0
  let next = 0
  const reader = async () => {
    for (let study = next++; study < STUDIES; study = next++) {
      const listed = await listedInstances(study)
      const equal = await Promise.all(
        Array.from({ length: IMAGES_IN_STUDY }, (_, i) => isAsSent(study * IMAGES_IN_STUDY + i)),
      )
      if (listed === IMAGES_IN_STUDY && equal.every(Boolean)) complete += 1
    }
  }
  await Promise.all(Array.from({ length: READERS }, reader))
  return complete
}

async function listedInstances(study: number): Promise<number> {
  const uid = uidOf(sent, 'Study', study * IMAGES_IN_STUDY)
  const response = await station.get(`/dicom-web/studies/${uid}/instances`)
  return ((await response.json()) as unknown[]).length
}

async function isAsSent(instance: number): Promise<boolean> {
  const [study, series, sop] = (['Study', 'Series', 'SOP'] as const).map(level => uidOf(sent, level, instance))
  const response = await station.get(`/dicom-web/studies/${study}/series/${series}/instances/${sop}`, {
    accept: 'application/dicom; transfer-syntax=*',
  })
  const file = Buffer.from(await response.arrayBuffer())
  const offset = response.ok ? readFileMeta(file)?.dataSetOffset : undefined
  return offset !== undefined && file.subarray(offset).equals(instanceOf(sent, instance).dataSet)
}
