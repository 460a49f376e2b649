/**
 * `npm run bench -- watch [--full] [--smoke]`: a watched folder of 20,000 names (--smoke: 2,000; --full: 1,000,000, of which all but
 * 20,000 are known already) in folders of 1,000: until each new one was read, then a restart that reads none of them, what that
 * needs of memory, and how long the station's own loop was held up meanwhile. The files are no images: what is measured is the
 * watching and not the storing.
 */
import { lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createLog } from '../../electron/station/base/log.ts'
import { openStore } from '../../electron/station/store/index.ts'
import { startWork } from '../../electron/station/work/index.ts'
import { fingerprintOf, Seen } from '../../electron/station/work/watch/seen.ts'
import { silentAudit } from '../fakes/silentAudit.ts'
import { machine } from './figures.ts'

const { values: options } = parseArgs({
  options: { smoke: { type: 'boolean', default: false }, full: { type: 'boolean', default: false } },
})
const NEW = options.smoke ? 2000 : 20_000
const NAMES = options.full ? 1_000_000 : NEW
const PER_FOLDER = 1000
const MB = 2 ** 20

const place = mkdtempSync(path.join(tmpdir(), 'isocenter-watch-'))
const root = path.join(place, 'folder')
const dataDir = path.join(place, 'data')
const log = createLog('silent')
const megabytes = () => process.memoryUsage.rss() / MB

/** One start of the workshop on the folder, until all names are known and one walk more has been through them. */
async function watch(store: Awaited<ReturnType<typeof openStore>>, title: string): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const cpu = process.cpuUsage()
  const before = megabytes()
  const began = performance.now()
  const work = startWork({
    audit: silentAudit,
    store,
    log,
    transcodedFolder: path.join(dataDir, 'transcoded'),
    watch: {
      folders: [{ id: 'many', path: root, onDone: 'leave' }],
      memoryFolder: path.join(dataDir, 'watched'),
      ours: [dataDir],
      report: ({ sentence }) => console.log(`  ${sentence}`),
    },
  })
  let most = before
  const until = async (done: () => boolean) => {
    for (; !done(); await wait(20)) most = Math.max(most, megabytes())
  }
  const folder = () => work.folders()[0]!
  // Only a walk through all names finds it.
  mkdirSync(path.join(root, `last ${title}`))
  writeFileSync(path.join(root, `last ${title}`, 'one'), 'no image')
  await until(() => folder().known >= NAMES + (title === 'first' ? 1 : 2) && folder().waiting === 0)
  const seconds = (performance.now() - began) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const { refusedCount, trouble } = folder()
  if (trouble !== '') throw new Error(trouble)
  console.log(
    `  ${title}: ${seconds.toFixed(1)} s, ${refusedCount} read; ` +
      `${((user + system) / 1e6).toFixed(1)} s of CPU; memory ${before.toFixed(0)} MB, at most ${(most - before).toFixed(0)} MB more; ` +
      `loop held up p99 ${(delay.percentile(99) / 1e6).toFixed(1)} max ${(delay.max / 1e6).toFixed(1)} ms`,
  )
  delay.disable()
  await work.close()
  return refusedCount
}

try {
  mkdirSync(dataDir)
  console.log(`watch: ${NAMES} names, ${machine()}`)
  mkdirSync(path.join(dataDir, 'watched'))
  const seen = new Seen(path.join(dataDir, 'watched', 'many.seen'))
  for (let i = 0; i < NAMES; i++) {
    const inside = path.join(root, `${Math.floor(i / PER_FOLDER)}`)
    if (i % PER_FOLDER === 0) mkdirSync(inside, { recursive: true })
    const file = path.join(inside, `IM${i}`)
    writeFileSync(file, 'no image')
    if (i < NEW) continue
    const { size, mtimeMs } = lstatSync(file)
    seen.add(fingerprintOf(file, size, mtimeMs), 'taken')
  }
  seen.close()
  const store = await openStore({ dataDir, log })
  const first = await watch(store, 'first')
  const second = await watch(store, 'again')
  await store.close()
  if (first !== NEW + 1 || second !== 1) throw new Error(`read ${first}, after the restart ${second}`)
} finally {
  rmSync(place, { recursive: true, force: true })
}
