/**
 * `npm run bench -- find [--full] [--studies n]`: C-FIND and QIDO-RS against Orthanc with the same studies (2,000; --full 20,000), each
 * query over an association and a connection that stay open, the four servers in turns. `--alone`: Isocenter alone with an index of
 * 1,000,000 studies (--studies); `--data-dir`: one that was filled before, with as many, and is kept (--fill fills it and ends).
 */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { type NewDataSet, writeDataSet } from '../../shared/dicom/writer.ts'
import { type SendObject, sendBytes } from '../fakes/byteSender.ts'
import { FindPeer } from '../fakes/findPeer.ts'
import { fillIndex } from '../fixtures/manyStudies.ts'
import { AUTHORIZED, type RunningStation, startStation } from '../fixtures/station.ts'
import { machine, percentile } from './figures.ts'
import { startOrthanc } from './receivers.ts'

const { values: options } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    alone: { type: 'boolean', default: false },
    studies: { type: 'string' },
    'data-dir': { type: 'string' },
    fill: { type: 'boolean', default: false },
  },
})
const STUDIES = Number(
  options.studies ?? (options.alone ? 1_000_000 : options.smoke ? 300 : options.full ? 20_000 : 2_000),
)
const EACH = options.smoke ? 5 : 60
/** Queries before any is counted: a station that has answered nobody yet runs code nobody has compiled. */
const WARM_UP = options.smoke ? 5 : 300
const DAY = 86_400_000
const NEWEST = Date.UTC(2026, 0, 15)
/** CTs of seven days. */
const ROWS = Math.min(150, Math.ceil(STUDIES / 20))
const CT_IMAGE = '1.2.840.10008.5.1.4.1.1.2'
const FAMILY = [
  'Adler',
  'Berg',
  'Castell',
  'Dorn',
  'Eklund',
  'Fontaine',
  'Gruber',
  'Haas',
  'Ivanov',
  'Jansen',
  'Kovac',
  'Weber',
]
const SUFFIX = ['', 'son', 'mann', 'ova', 'ski', 'er', 'ing', 'holm', 'berg']
const GIVEN = [
  'Anna',
  'Bela',
  'Carl',
  'Dora',
  'Emil',
  'Frida',
  'Gustav',
  'Hanna',
  'Igor',
  'Jana',
  'Karl',
  'Lena',
  'Milan',
]
const MODALITIES = ['CT', 'MR', 'CR', 'US']
/** What a worklist shows. */
const SHOWN = [
  'PatientName',
  'PatientID',
  'PatientBirthDate',
  'PatientSex',
  'StudyDate',
  'StudyTime',
  'StudyDescription',
  'AccessionNumber',
  'ModalitiesInStudy',
  'StudyInstanceUID',
  'NumberOfStudyRelatedSeries',
  'NumberOfStudyRelatedInstances',
]

/** The aims: p95 in ms alone, and beside Orthanc its part of Orthanc's. */
const AIM = { exact: 5, rows: 20, ratio: 0.3 }

interface Kind {
  name: string
  most: number
  /** The keys of the i-th query. */
  keys(i: number): Record<string, string>
}

type Ask = (keys: Record<string, string>) => Promise<number>

const pick = <T>(values: readonly T[], number: number): T => values[number % values.length]!
const somewhere = (i: number) => Math.floor(((i + 0.5) * STUDIES) / EACH)
const dicomDate = (ms: number) => new Date(ms).toISOString().slice(0, 10).replaceAll('-', '')

if (options.alone) await alone()
else await besideOrthanc()

async function besideOrthanc(): Promise<void> {
  const step = (7 * DAY) / (ROWS * MODALITIES.length)
  const when = (number: number) => new Date(NEWEST - (STUDIES - 1 - number) * step)
  const study = (number: number): NewDataSet => ({
    SOPClassUID: CT_IMAGE,
    SOPInstanceUID: `2.25.800${number}.1.1`,
    StudyInstanceUID: `2.25.800${number}`,
    SeriesInstanceUID: `2.25.800${number}.1`,
    PatientName: `${pick(FAMILY, number * 7919)}${pick(SUFFIX, (number * 7919) >>> 4)}^${pick(GIVEN, (number * 7919) >>> 8)}`,
    PatientID: `P${String(number).padStart(7, '0')}`,
    PatientBirthDate: '19700115',
    PatientSex: pick(['F', 'M'], number),
    StudyDate: dicomDate(when(number).getTime()),
    StudyTime: when(number).toISOString().slice(11, 19).replaceAll(':', ''),
    StudyDescription: `${pick(MODALITIES, number)} chest`,
    AccessionNumber: `A${String(number).padStart(8, '0')}`,
    Modality: pick(MODALITIES, number),
    SeriesNumber: 1,
    InstanceNumber: 1,
    PixelData: new Uint16Array(2),
  })
  const kinds: Kind[] = [
    {
      name: 'accession number',
      most: AIM.exact,
      keys: i => ({ AccessionNumber: `A${String(somewhere(i)).padStart(8, '0')}` }),
    },
    { name: 'Patient ID', most: AIM.exact, keys: i => ({ PatientID: `P${String(somewhere(i)).padStart(7, '0')}` }) },
    {
      name: 'name prefix',
      most: AIM.rows,
      keys: i => ({ PatientName: `${String(study(somewhere(i)).PatientName).split('^')[0]}*` }),
    },
    {
      name: '7 days and CT',
      most: AIM.rows,
      keys: i => ({
        StudyDate: week(when(Math.max(somewhere(i), ROWS * MODALITIES.length)).getTime()),
        ModalitiesInStudy: 'CT',
      }),
    },
  ]
  const station = await startStation({
    config: { nodes: [{ name: 'bench', AET: 'SENDER', host: '127.0.0.1', port: 104 }] },
  })
  try {
    const orthanc = await startOrthanc({
      // Only what is asked is measured: the studies may come in as fast as they will.
      SyncStorageArea: false,
      DicomAlwaysAllowFind: true,
      Plugins: ['/usr/share/orthanc/plugins/libOrthancDicomWeb.so'],
    })
    try {
      console.log(`find: ${STUDIES} studies, ${EACH} queries of a kind, ${machine()}`)
      for (const to of [
        { port: station.dimsePort, calledAET: station.aet },
        { port: orthanc.port, calledAET: orthanc.aet },
      ]) {
        for (let first = 0; first < STUDIES; first += 1000) {
          const some = Array.from({ length: Math.min(1000, STUDIES - first) }, (_, i) => objectOf(study(first + i)))
          const results = await sendBytes(some, { ...to, associations: 8 })
          const refused = results.find(({ status }) => status !== 0)
          if (refused) throw new Error(`not stored: ${refused.status.toString(16)} ${refused.comment}`)
        }
      }
      await station.call('studies.list', {})
      const peers = [
        await FindPeer.open(station.dimsePort, { calledAET: station.aet }),
        await FindPeer.open(orthanc.port, { calledAET: orthanc.aet }),
      ] as const
      const asks = [
        cFind(peers[0]),
        cFind(peers[1]),
        qido(station.origin, AUTHORIZED),
        qido(`http://127.0.0.1:${orthanc.httpPort}`),
      ]
      await warmUp(kinds, asks)
      for (const kind of kinds) {
        const [find, theirFind, web, theirWeb] = await measure(kind, asks)
        console.log(`  ${kind.name} (${find!.rows.toFixed(0)} rows): p50 / p95 ms`)
        compare('C-FIND', find!, theirFind!)
        compare('QIDO-RS', web!, theirWeb!)
      }
      for (const peer of peers) peer.close()
    } finally {
      await orthanc.close()
    }
  } finally {
    await station.stop()
  }
}

async function alone(): Promise<void> {
  const given = options['data-dir']
  const dataDir = given ?? (await mkdtemp(path.join(tmpdir(), 'isocenter-find-')))
  let station: RunningStation | undefined
  try {
    // 3 of 11 of the made-up studies are CTs.
    const step = Math.round((7 * DAY * 3) / 11 / ROWS)
    if (!given || options.fill) fillIndex(dataDir, STUDIES, NEWEST, step)
    if (options.fill) return
    station = await startStation({
      dataDir,
      config: { nodes: [{ name: 'bench', AET: 'SENDER', host: '127.0.0.1', port: 104 }] },
    })
    console.log(`find: ${STUDIES} studies alone, ${EACH} queries of a kind, ${machine()}`)
    const when = (number: number) => NEWEST - (STUDIES - 1 - number) * step
    const person = (number: number) => (number % Math.ceil(STUDIES / 3)) * 7919
    const kinds: Kind[] = [
      {
        name: 'accession number',
        most: AIM.exact,
        keys: i => ({ AccessionNumber: `A${String(somewhere(i)).padStart(8, '0')}` }),
      },
      {
        name: 'Patient ID',
        most: AIM.exact,
        keys: i => ({ PatientID: `P${String(somewhere(i) % Math.ceil(STUDIES / 3)).padStart(7, '0')}` }),
      },
      { name: 'Study Instance UID', most: AIM.exact, keys: i => ({ StudyInstanceUID: `2.25.900${somewhere(i)}` }) },
      {
        name: 'name prefix',
        most: AIM.rows,
        keys: i => {
          const mixed = person(somewhere(i)) >>> 0
          return {
            PatientName: `${pick(FAMILY, mixed)}${pick(SUFFIX, mixed >>> 4)}^${pick(GIVEN, mixed >>> 8).slice(0, 3)}*`,
          }
        },
      },
      {
        name: '7 days and CT',
        most: AIM.rows,
        keys: i => ({ StudyDate: week(when(Math.max(somewhere(i), 4 * ROWS))), ModalitiesInStudy: 'CT' }),
      },
    ]
    const peer = await FindPeer.open(station.dimsePort, { calledAET: station.aet })
    const asks = [cFind(peer), qido(station.origin, AUTHORIZED)]
    await warmUp(kinds, asks)
    for (const kind of kinds) {
      const [find, web] = await measure(kind, asks)
      console.log(`  ${kind.name} (${find!.rows.toFixed(0)} rows; aim p95 ${kind.most} ms)`)
      console.log(`    C-FIND   ${figures(find!)}`)
      console.log(`    QIDO-RS  ${figures(web!)}`)
    }
    peer.close()
  } finally {
    await station?.stop()
    if (!given) await rm(dataDir, { recursive: true, force: true })
  }
}

interface Measured {
  times: number[]
  /** Mean. */
  rows: number
}

async function warmUp([first]: Kind[], asks: Ask[]): Promise<void> {
  for (let i = 0; i < WARM_UP; i++) for (const ask of asks) await ask(first!.keys(i % EACH))
}

/** Each query at each server in turn; what one finds all must find. The first of a kind is not counted. */
async function measure(kind: Kind, asks: Ask[]): Promise<Measured[]> {
  const all = asks.map((): Measured => ({ times: [], rows: 0 }))
  for (let i = -1; i < EACH; i++) {
    const keys = kind.keys(Math.max(i, 0))
    const counts: number[] = []
    for (const [at, ask] of asks.entries()) {
      const began = performance.now()
      const count = await ask(keys)
      const ms = performance.now() - began
      counts.push(count)
      if (i < 0) continue
      all[at]!.times.push(ms)
      all[at]!.rows += count / EACH
    }
    if (counts.some(count => count !== counts[0]) || !counts[0]) {
      throw new Error(`${kind.name} ${JSON.stringify(keys)}: ${counts.join(', ')} found`)
    }
  }
  return all
}

function cFind(peer: FindPeer): Ask {
  return async keys => {
    const shown = Object.fromEntries(SHOWN.map(keyword => [keyword, keys[keyword] ?? '']))
    const { found, status } = await peer.count('STUDY', { QueryRetrieveLevel: 'STUDY', ...shown })
    if (status !== 0) throw new Error(`C-FIND ended with ${status.toString(16)}`)
    return found
  }
}

/** A connection that stays open, and as little client as there can be: of an answer its first level is counted. */
function qido(base: string, headers: Record<string, string> = {}): Ask {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return async keys => {
    const parameters = new URLSearchParams({ ...keys, limit: '5000' })
    const [response] = await once(get(`${base}/dicom-web/studies?${parameters}`, { agent, headers }), 'response')
    const body = await text(response as IncomingMessage)
    if (response.statusCode !== 200) throw new Error(`QIDO-RS ended with ${response.statusCode}`)
    return (JSON.parse(body) as unknown[]).length
  }
}

function objectOf(values: NewDataSet): SendObject {
  return {
    SOPClassUID: CT_IMAGE,
    SOPInstanceUID: String(values.SOPInstanceUID),
    TransferSyntaxUID: TS.ExplicitVRLittleEndian,
    dataSet: writeDataSet(values, encodingOf(TS.ExplicitVRLittleEndian)),
  }
}

/** The seven days that end with this one. */
function week(last: number): string {
  return `${dicomDate(last - 6 * DAY)}-${dicomDate(last)}`
}

function figures({ times }: Measured): string {
  return `p50 ${percentile(times, 50).toFixed(2)} p95 ${percentile(times, 95).toFixed(2)} (n=${times.length})`
}

function compare(what: string, mine: Measured, theirs: Measured): void {
  const [p50, p95] = [50, 95].map(p => percentile(mine.times, p) / percentile(theirs.times, p))
  console.log(`    ${what.padEnd(8)} Isocenter ${figures(mine)}, Orthanc ${figures(theirs)}`)
  console.log(
    `    ${what.padEnd(8)} Isocenter / Orthanc: p50 ${p50?.toFixed(2)} p95 ${p95?.toFixed(2)} (aim ${AIM.ratio})`,
  )
}
