/** Run as a process of its own and killed in the middle: lets one study after the other leave and prints each. Argument: data folder. */
import { writeSync } from 'node:fs'
import { createLog } from '../../electron/station/base/log.ts'
import { openStore } from '../../electron/station/store/index.ts'

const [dataDir = ''] = process.argv.slice(2)
const store = await openStore({ dataDir, log: createLog('silent') })
const { studies } = await store.read.retained(0, ['pacs'])
for (const { StudyInstanceUID } of studies) {
  const { bytes } = await store.evict(StudyInstanceUID, ['pacs'])
  if (bytes > 0) writeSync(1, `${StudyInstanceUID}\n`)
}
await new Promise(() => setInterval(() => {}, 1000))
