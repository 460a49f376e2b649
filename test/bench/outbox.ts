/**
 * `npm run bench -- outbox [--full] [--smoke]`: what the outbox costs the writer: an image that arrives with none, one and two
 * destinations, batches leased and settled out of a backlog of 20,000 images (--full: 200,000), a destination that is new, and the
 * worklist's reads. CPU of the thread, for other work on the machine says nothing of it; a batch also waits for its syncs.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReader } from '../../electron/station/store/reader.ts'
import type { PlacedObject } from '../../electron/station/store/receivedObject.ts'
import { createWriter } from '../../electron/station/store/writer.ts'
import { contract } from '../../shared/contract.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { readInstanceHeader } from '../../shared/dicom/instanceHeader.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { writeDataSet } from '../../shared/dicom/writer.ts'
import { RANK } from '../../shared/sync.ts'
import { machine } from './figures.ts'

const smoke = process.argv.includes('--smoke')
const BACKLOG = smoke ? 500 : process.argv.includes('--full') ? 200_000 : 20_000
const TRIED = smoke ? 100 : 3000
const BATCHES = smoke ? 5 : 300
const GROUP = 10
const BATCH = 10
const IMAGES_PER_STUDY = 500

const scanner = { door: 'dimse', sourceAET: 'CT1', sendingAET: 'CT1', receivingAET: 'ISOCENTER', address: '' } as const
const sample = writeDataSet(
  {
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
    PatientName: 'Bench^Mark',
    StudyDate: '20260102',
    Modality: 'CT',
    StudyDescription: 'CT chest',
    SeriesDescription: 'axial',
    SeriesNumber: 1,
    Rows: 512,
    Columns: 512,
  },
  encodingOf(TS.ExplicitVRLittleEndian),
)
const { attributes, ...header } = readInstanceHeader(sample, TS.ExplicitVRLittleEndian)
const dataDir = mkdtempSync(join(tmpdir(), 'isocenter-outbox-'))
mkdirSync(join(dataDir, 'files'))
const file = join(dataDir, 'index.sqlite')
try {
  await run()
} finally {
  rmSync(dataDir, { recursive: true, force: true })
}

async function run(): Promise<void> {
  console.log(`outbox: backlog of ${BACKLOG} images, ${machine()}`)
  const writer = createWriter({ file, dataDir })
  writer.open()
  const [a, b, c] = ['a', 'b', 'c'].map(name => ({ name, rules: [] }))
  let number = 0
  const arrive = (count: number) => {
    for (const end = number + count; number < end; number += GROUP) {
      writer.commit(objects(number, GROUP), { segment: 1, offset: number })
    }
  }
  const look = () => {
    while (writer.lookForDestinations(200));
  }
  arrive(TRIED)
  const arrivals = [0, 1, 2, 2, 1, 0].map(destinations => {
    writer.setDestinations([a!, b!].slice(0, destinations))
    look()
    return { destinations, us: cpuOf(() => arrive(TRIED)) / TRIED }
  })
  for (const destinations of [0, 1, 2]) {
    const both = arrivals.filter(one => one.destinations === destinations).map(one => one.us.toFixed(0))
    console.log(`  an image arrives, ${destinations} destinations: ${both.join(' and ')} µs of the writer's CPU`)
  }
  writer.setDestinations([a!])
  look()
  arrive(Math.max(0, BACKLOG - number))
  const reader = createReader({ file, dataDir })
  const before = process.memoryUsage().rss
  const wanted = { destination: 'a', objects: BATCH, bytes: 1e9, rank: RANK.offPeak, now: 1, until: 2 }
  const began = performance.now()
  let cpu = 0
  for (let n = 0; n < BATCHES; n++) {
    cpu += cpuOf(() => {
      const leased = writer.lease({ ...wanted, only: ['queued'] })
      if (leased.length !== BATCH) throw new Error(`${leased.length} leased`)
      const sent = leased.map(({ contentId }) => ({ contentId, state: 'sent' as const, nextAt: 1, attempts: 1 }))
      writer.settleOutbox('a', sent, 1)
      const looked = writer.lease({ ...wanted, only: ['sent', 'unsure'] })
      if (looked.length !== BATCH) throw new Error(`${looked.length} leased again`)
      const proved = looked.map(({ contentId }) => ({
        contentId,
        state: 'confirmed' as const,
        proof: 'equal' as const,
      }))
      writer.settleOutbox('a', proved, 1)
    })
    // Checkpoints run between the calls.
    await new Promise(resolve => setImmediate(resolve))
  }
  const perSecond = BATCHES / ((performance.now() - began) / 1000)
  console.log(
    `  batches of ${BATCH} leased, sent, leased, confirmed: ${perSecond.toFixed(0)} a second (${(perSecond * BATCH).toFixed(0)} images), ${(cpu / BATCHES / 1000).toFixed(2)} ms of CPU each`,
  )
  // Everything comes back as not taken: what waits for its time must not be looked through.
  const tried = Math.min(BACKLOG / BATCH - BATCHES, BATCHES * 10)
  const refusals = cpuOf(() => {
    for (let n = 0; n < tried; n++) {
      const leased = writer.lease(wanted)
      const back = leased.map(({ contentId }) => ({
        contentId,
        state: 'queued' as const,
        nextAt: 1e12 + n,
        reason: '507',
      }))
      writer.settleOutbox('a', back, 1)
    }
  })
  console.log(
    `  … leased and put back for later, ${tried} times: ${(refusals / tried / 1000).toFixed(2)} ms of CPU each`,
  )
  await new Promise(resolve => setImmediate(resolve))
  const grown = (process.memoryUsage().rss - before) / 2 ** 20
  console.log(
    `  resident memory meanwhile: ${grown.toFixed(0)} MB more; index ${(statSync(file).size / 2 ** 20).toFixed(0)} MB`,
  )
  say('nextDue', () => reader.nextDue('a', RANK.offPeak))
  say('counts', () => reader.outboxCounts())
  const list = () => reader.listStudies(contract['studies.list'].in.parse({ limit: 200 }))
  say(`worklist, page of ${list().studies.length}, one destination`, list)
  writer.setDestinations([])
  say('… no destination', list)
  writer.setDestinations([c!])
  const backfill = cpuOf(look)
  console.log(`  a new destination looks at ${number} images: ${(backfill / number).toFixed(0)} µs of CPU each`)
  writer.close()
}

function say(what: string, read: () => unknown): void {
  read()
  const us = cpuOf(() => {
    for (let n = 0; n < 20; n++) read()
  })
  console.log(`  ${what}: ${(us / 20 / 1000).toFixed(2)} ms`)
}

/** µs of this thread's CPU. */
function cpuOf(work: () => void): number {
  const before = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(before)
  return user + system
}

/** Images as doors hand them over, without their bytes: nothing of these calls opens a file. */
function objects(from: number, count: number): PlacedObject[] {
  return Array.from({ length: count }, (_, index) => {
    const n = from + index
    const study = Math.floor(n / IMAGES_PER_STUDY) + 1
    const series = 1 + (n % 4)
    return {
      contentId: n + 1,
      origin: scanner,
      TransferSyntaxUID: TS.ExplicitVRLittleEndian,
      header: {
        ...header,
        StudyInstanceUID: `2.25.1000.${study}`,
        SeriesInstanceUID: `2.25.1000.${study}.${series}`,
        SOPInstanceUID: `2.25.1000.${study}.${series}.${n}`,
        PatientID: `ID-${study}`,
      },
      attributes: JSON.stringify(attributes),
      framePlan: null,
      length: 524_288,
      crc: n,
      metaLength: 400,
      received: Date.now(),
      showLatest: false,
      file: 'landing/1.seg',
      offset: n,
    }
  })
}
