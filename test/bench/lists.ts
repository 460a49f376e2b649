/**
 * `npm run bench -- lists [--full]`: what the worklist's reads cost at 100,000 studies (--full: 1,000,000 too), in the thread
 * that answers them: its own CPU time, for other work on the machine says nothing of the index. Mean of 10 each.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReader } from '../../electron/station/store/reader.ts'
import { type CallIn, contract, studySort } from '../../shared/contract.ts'
import { fillIndex } from '../fixtures/manyStudies.ts'
import { machine, percentile } from './figures.ts'

const TODAY = Date.UTC(2026, 0, 15)
const WEEK = { from: '20260109', to: '20260115' }
const FILTERS: Array<CallIn<'studies.counts'>['filters'][number]> = [
  {},
  { from: WEEK.to, to: WEEK.to },
  WEEK,
  { ...WEEK, modalities: ['CT'] },
  { statuses: ['new', 'opened'] },
  { modalities: ['CT'] },
  { modalities: ['MR', 'US'], statuses: ['new'] },
  { priorities: ['stat'], statuses: ['new', 'opened'] },
  { receivedSince: TODAY - 3_600_000 },
  { search: 'weber', modalities: ['CT'] },
]

for (const count of process.argv.includes('--full') ? [100_000, 1_000_000] : [100_000]) {
  const dataDir = mkdtempSync(join(tmpdir(), 'isocenter-lists-'))
  try {
    const began = performance.now()
    fillIndex(dataDir, count, TODAY)
    const file = join(dataDir, 'index.sqlite')
    const seconds = (performance.now() - began) / 1000
    console.log(`lists: ${count} studies, ${machine()}`)
    console.log(
      `  filled in ${seconds.toFixed(0)} s (${((1000 * seconds) / count).toFixed(2)} ms a study), ${Math.round(statSync(file).size / 2 ** 20)} MB`,
    )
    measure(file, dataDir)
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

function measure(file: string, dataDir: string): void {
  const reader = createReader({ file, dataDir })
  const list = (given: CallIn<'studies.list'>) => () => reader.listStudies(contract['studies.list'].in.parse(given))
  const order = (given: CallIn<'studies.order'>) => () => reader.orderStudies(contract['studies.order'].in.parse(given))
  const both = [true, false].flatMap(descending => studySort.options.map(sort => ({ sort, descending })))
  const cursors = both.map(query => ({
    ...query,
    cursor: order({ ...query, limit: 50_000 })().nextCursor ?? undefined,
  }))
  const searches = ['weber', 'an web', 'p0000123', 'a000', 'たろう', 'ct head', 'm', 'a c', 'zzz', '1']

  slowest(
    'list, first page of 200, every order',
    both.map(query => [query.sort, list(query)]),
  )
  slowest(
    'list, page of 200 from the middle, every order',
    cursors.map(query => [query.sort, list(query)]),
  )
  slowest(
    'order, 20,000 from the top, every order',
    both.map(query => [query.sort, order(query)]),
  )
  slowest(
    'list by name, each of 10 filters',
    FILTERS.map(filter => [JSON.stringify(filter), list({ ...filter, sort: 'PatientName' })]),
  )
  slowest(
    'order by name, each of 10 filters',
    FILTERS.map(filter => [JSON.stringify(filter), order({ ...filter, sort: 'PatientName' })]),
  )
  slowest(
    'search, first page by date, each of 10',
    searches.map(search => [search, list({ search, sort: 'StudyDate' })]),
  )
  const counting = FILTERS.map(filter => () => reader.countStudies(contract['studies.list'].in.parse(filter)))
  slowest(
    'count, each of 10 filters',
    counting.map((count, n) => [JSON.stringify(FILTERS[n]), count]),
  )
  slowest('counts of 10 filters together', [['', () => counting.map(count => count())]])
  const { ids } = order({ limit: 500 })()
  slowest('rows of 500 numbers', [['', () => reader.getStudies([...ids])]])
}

function slowest(what: string, reads: Array<[name: string, read: () => unknown]>): void {
  const costs = reads.map(([name, read]) => {
    read()
    // Systems count a thread's time in ticks of some milliseconds: many reads together.
    const before = process.threadCpuUsage()
    for (let n = 0; n < 10; n++) read()
    const { user, system } = process.threadCpuUsage(before)
    return { name, ms: (user + system) / 1000 / 10 }
  })
  const worst = costs.reduce((a, b) => (b.ms > a.ms ? b : a))
  const typical = percentile(
    costs.map(cost => cost.ms),
    50,
  )
  console.log(`  ${what}: ${typical.toFixed(1)} ms, slowest ${worst.ms.toFixed(1)} ms ${worst.name}`)
}
