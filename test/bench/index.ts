/**
 * `npm run bench -- index [--studies N] [--smoke]`: searches over 1,000,000 studies while ten associations push CT, each search
 * another one, and what the first search costs when nothing of the index is in memory. By QIDO-RS and by the worklist's own call.
 * `--data-dir`: works on a copy of an index that was filled before, with as many (--fill fills it and ends).
 */
import { execFile } from 'node:child_process'
import { constants, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs, promisify } from 'node:util'
import Database from 'better-sqlite3'
import type { CallIn } from '../../shared/contract.ts'
import { fillIndex } from '../fixtures/manyStudies.ts'
import { type RunningStation, startStation } from '../fixtures/station.ts'
import { blast, rateOf } from './blaster.ts'
import { machine, percentile } from './figures.ts'
import { receiverOf } from './receivers.ts'

const { values: options } = parseArgs({
  options: {
    'smoke': { type: 'boolean', default: false },
    'studies': { type: 'string' },
    'data-dir': { type: 'string' },
    'fill': { type: 'boolean', default: false },
  },
})
const STUDIES = Number(options.studies ?? (options.smoke ? 2000 : 1_000_000))
const EACH = options.smoke ? 4 : 60
const ASSOCIATIONS = 10
const PAGE = 100
const NEWEST = Date.UTC(2026, 0, 15)

interface Study {
  PatientName: string
  PatientID: string
  AccessionNumber: string
  StudyDate: string
  modality: string
}
type Search = (station: RunningStation) => Promise<number>

const filled = options['data-dir']
if (filled && options.fill) {
  await mkdir(filled, { recursive: true })
  fillIndex(filled, STUDIES, NEWEST)
  process.exit()
}
const dataDir = await mkdtemp(path.join(tmpdir(), 'isocenter-index-'))
try {
  console.log(`index: ${STUDIES} studies, ${EACH} searches of a kind, ${machine()}`)
  if (filled) {
    await copyFile(path.join(filled, 'index.sqlite'), path.join(dataDir, 'index.sqlite'), constants.COPYFILE_FICLONE)
  } else fillIndex(dataDir, STUDIES, NEWEST)
  const kinds = searches()
  await measureCold(kinds)
  await measureWarm(kinds)
} finally {
  await rm(dataDir, { recursive: true, force: true })
}

/** By kind: `most` is what its p95 should stay under, ms. */
function searches(): Array<{ kind: string; most: number; all: Search[] }> {
  const db = new Database(path.join(dataDir, 'index.sqlite'), { readonly: true })
  const columns = `PatientName, PatientID, AccessionNumber, StudyDate, json_extract(ModalitiesInStudy, '$[0]') AS modality`
  const somewhere = db.prepare<[number], Study>(`SELECT ${columns} FROM study WHERE id = ?`)
  // Far from each other, so that no search finds its pages read by the one before.
  const some = Array.from({ length: EACH }, (_, i) => somewhere.get(1 + Math.floor(((i + 0.5) * STUDIES) / EACH))!)
  const commonest = db
    .prepare<[number], string>('SELECT PatientName FROM study GROUP BY PatientName ORDER BY count(*) DESC LIMIT ?')
    .pluck()
    .all(EACH)
  db.close()
  const by = (kind: string, most: number, toSearch: (study: Study, i: number) => Search) => ({
    kind,
    most,
    all: some.map(toSearch),
  })
  const family = (study: Study) => study.PatientName.split('^')[0]!
  return [
    by('name prefix', 20, (study, i) => qido({ PatientName: `${family(study).slice(0, 4 + (i % 4))}*` })),
    { kind: 'commonest names', most: 20, all: commonest.map(PatientName => qido({ PatientName })) },
    by('Patient ID', 20, ({ PatientID }) => qido({ PatientID })),
    by('accession number', 20, ({ AccessionNumber }) => qido({ AccessionNumber })),
    by('date and modality', 20, ({ StudyDate, modality }) => qido({ StudyDate, ModalitiesInStudy: modality })),
    by('newest first', 20, ({ modality }, i) => list({ sort: 'StudyDate', modalities: i % 2 ? [modality] : [] })),
    by('words, newest first', 20, study =>
      list({ search: `${family(study).slice(0, 5)} ${study.modality}`, sort: 'StudyDate' }),
    ),
    by('middle of a name', 50, (study, i) => qido({ PatientName: `*${family(study).slice(1, 4 + (i % 3))}*` })),
  ]
}

function qido(keys: Record<string, string>): Search {
  return async station => {
    const response = await station.get(`/dicom-web/studies?${new URLSearchParams({ ...keys, limit: String(PAGE) })}`)
    if (!response.ok) throw new Error(`a search ended with ${response.status}`)
    return ((await response.json()) as unknown[]).length
  }
}

function list(query: CallIn<'studies.list'>): Search {
  return async station => (await station.call('studies.list', { ...query, limit: PAGE })).studies.length
}

/** Milliseconds; what is searched for is taken from the index, so nothing found is a fault. */
async function timed(station: RunningStation, kind: string, search: Search): Promise<number> {
  const began = performance.now()
  const found = await search(station)
  const ms = performance.now() - began
  if (found === 0) throw new Error(`${kind}: nothing was found`)
  return ms
}

async function measureWarm(kinds: ReturnType<typeof searches>): Promise<void> {
  const receiver = receiverOf(await startStation({ dataDir }))
  try {
    const station = receiver.station!
    const stop = new AbortController()
    const to = { port: receiver.port, calledAET: receiver.aet, kind: 'ct', associations: ASSOCIATIONS } as const
    const pushing = blast({ ...to, run: 0, count: Number.MAX_SAFE_INTEGER }, stop.signal)
    // A sender that fails says so at the end.
    pushing.catch(() => {})
    const times = kinds.map((): number[] => [])
    for (let i = 0; i < EACH; i++) {
      for (const [k, { kind, all }] of kinds.entries()) {
        const search = all[i]
        if (search) times[k]!.push(await timed(station, kind, search))
      }
    }
    stop.abort()
    console.log(`  while ${ASSOCIATIONS} associations push (${rateOf(await pushing).toFixed(0)} CT/s received):`)
    for (const [k, { kind, most }] of kinds.entries()) {
      const [p50, p95, max] = [50, 95, 100].map(p => percentile(times[k]!, p).toFixed(1))
      console.log(`    ${kind.padEnd(20)} p50 ${p50} p95 ${p95} max ${max} ms (n=${times[k]!.length}; aim p95 ${most})`)
    }
  } finally {
    await receiver.close()
  }
}

/** The first search of a station that has just started, none of the index's pages in memory. */
async function measureCold(kinds: ReturnType<typeof searches>): Promise<void> {
  const some = options.smoke ? /prefix/ : /prefix|accession|^newest|middle/
  for (const { kind, all } of kinds.filter(({ kind }) => some.test(kind))) {
    // Tells the kernel to forget its pages of this file alone.
    const forget = [`if=${path.join(dataDir, 'index.sqlite')}`, 'iflag=nocache', 'count=0']
    await promisify(execFile)('dd', forget)
    const station = await startStation({ dataDir })
    try {
      console.log(`  cold, first search: ${kind.padEnd(20)} ${(await timed(station, kind, all[0]!)).toFixed(0)} ms`)
    } finally {
      await station.stop()
    }
  }
}
