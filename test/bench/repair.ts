// An index made anew from the files alone, beside nothing: `npm run bench -- repair [--full]`.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { createLog } from '../../electron/station/base/log.ts'
import { openStore } from '../../electron/station/store/index.ts'
import { ctSlice, send } from '../store/objects.ts'

const { values: options } = parseArgs({ options: { full: { type: 'boolean' } } })
const STUDIES = 10
const IMAGES = options.full ? 200 : 20
const RUNS = 3

const dataDir = await mkdtemp(path.join(tmpdir(), 'isocenter-bench-'))
const open = () => openStore({ dataDir, log: createLog('silent'), upkeep: { scrubBytesPerSecond: 0 } })
try {
  const first = await open()
  for (let study = 1; study <= STUDIES; study++) {
    const numbers = Array.from({ length: IMAGES }, (_, n) => n)
    await Promise.all(numbers.map(n => send(first, ctSlice(n, {}, { study, size: 256 }))))
  }
  await first.settleAll()
  const before = await first.read.counts()
  await first.close()
  // One start that has nothing to settle leaves the landing folder empty.
  await (await open()).close()
  for (const verify of [false, true]) {
    for (let run = 0; run < RUNS; run++) {
      for (const end of ['', '-wal', '-shm']) await rm(path.join(dataDir, `index.sqlite${end}`), { force: true })
      const store = await open()
      const [begun, cpu] = [performance.now(), process.cpuUsage()]
      const signal = new AbortController().signal
      const refused: string[] = []
      await store.repair(verify, { signal, total() {}, received() {}, passed() {}, failed: file => refused.push(file) })
      const seconds = (performance.now() - begun) / 1000
      const { user, system } = process.cpuUsage(cpu)
      const after = await store.read.counts()
      await store.close()
      if (refused.length > 0 || JSON.stringify(after) !== JSON.stringify(before)) throw new Error('not the same index')
      const rate = after.instances / seconds
      const perImage = (user + system) / 1000 / after.instances
      console.log(
        `${verify ? 'every byte read' : 'headers alone'}: ${after.instances} images of 131 KB, ${rate.toFixed(0)}/s, ` +
          `${perImage.toFixed(2)} ms of CPU each`,
      )
    }
  }
} finally {
  await rm(dataDir, { recursive: true, force: true })
}
process.exit(0)
