/**
 * Run as a process of its own: purges the one deletion there is and dies, killed by itself, when `decisions.log` is about to hear that the
 * study was emptied; its rows say so already, and an image of it has come anew. Arguments: data folder, SOP Instance UID, data set
 * (a file), 'while' (sent while the purge has not begun to take anything) or 'behind' (when it has taken all).
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { createDisk } from '../../electron/station/base/durable.ts'
import { createLog } from '../../electron/station/base/log.ts'
import { openStore } from '../../electron/station/store/index.ts'

const [dataDir = '', SOPInstanceUID = '', file = '', when = ''] = process.argv.slice(2)
const disk = createDisk()
const log = createLog('silent')
let held: Promise<void> | undefined

const store = await openStore({
  dataDir,
  log,
  disk: {
    ...disk,
    async openToAppend(path) {
      const opened = await disk.openToAppend(path)
      return {
        ...opened,
        async write(bytes, position) {
          if (Buffer.concat([bytes].flat()).includes('"emptied"')) {
            if (when === 'behind') await send()
            process.kill(process.pid, 'SIGKILL')
          }
          return opened.write(bytes, position)
        },
        sync: async () => {
          await held
          return opened.sync()
        },
      }
    },
  },
})

async function send(): Promise<void> {
  const receive = store.beginReceive({
    origin: { door: 'dimse', sourceAET: 'A', sendingAET: 'A', receivingAET: 'B', address: '' },
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
    SOPInstanceUID,
    TransferSyntaxUID: '1.2.840.10008.1.2.1',
  })
  await receive.write(readFileSync(file))
  await receive.commit()
}

const [removal] = await store.read.listRemovals(1)
const release = Promise.withResolvers<void>()
if (when === 'while') held = release.promise
const purged = store.purge(removal?.id ?? '', 'anna')
if (when === 'while') {
  while ((await store.read.listRemovals(1))[0]?.state !== 'purging')
    await new Promise(resolve => setTimeout(resolve, 5))
  send().catch(() => {})
  // Nobody sees it while the purge is under way, not even a reader.
  const index = new Database(join(dataDir, 'index.sqlite'), { readonly: true })
  const rows = index.prepare('SELECT 1 FROM content WHERE id > 1')
  while (!rows.get()) await new Promise(resolve => setTimeout(resolve, 5))
  index.close()
  release.resolve()
}
await purged
await new Promise(() => setInterval(() => {}, 1000))
