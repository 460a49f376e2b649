/**
 * Run as a process of its own and killed in the middle: pushes objects into a store as fast as it takes them and prints each
 * one's UID and SHA-256 once it was answered. Arguments: data folder, number of this run.
 */
import { createHash } from 'node:crypto'
import { writeSync } from 'node:fs'
import { createLog } from '../../electron/station/base/log.ts'
import { openStore } from '../../electron/station/store/index.ts'
import { writeDataSet } from '../../shared/dicom/writer.ts'
import { destination } from '../../shared/sync.ts'

const [dataDir = '', run = ''] = process.argv.slice(2)
const store = await openStore({ dataDir, log: createLog('silent') })
const route = { kind: 'dicomweb', url: 'http://127.0.0.1:1/dicom-web' }
await store.outbox.setDestinations([destination.parse({ name: 'pacs', route })])
const origin = { door: 'dimse', sourceAET: 'A', sendingAET: 'A', receivingAET: 'B', address: '' } as const
let next = 0

async function push(): Promise<never> {
  for (;;) {
    const n = ++next
    const SOPInstanceUID = `2.25.7.${run}.${n}`
    // Every fifth is too large for memory.
    const size = n % 5 === 0 ? 1_500_000 : 40_000
    const bytes = writeDataSet(
      {
        SOPInstanceUID,
        SOPClassUID: '1.2.840.10008.5.1.4.1.1.7',
        StudyInstanceUID: `2.25.7.${n % 7}`,
        SeriesInstanceUID: `2.25.7.${n % 7}.1`,
        PatientID: `P${n % 7}`,
        '00091001': { vr: 'OB', value: new Uint8Array(size).fill(n) },
      },
      { explicit: true, littleEndian: true },
    )
    const receive = store.beginReceive({
      origin,
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.7',
      SOPInstanceUID,
      TransferSyntaxUID: '1.2.840.10008.1.2.1',
    })
    for (let at = 0; at < bytes.length; at += 65_536) await receive.write(bytes.subarray(at, at + 65_536))
    await receive.commit()
    writeSync(1, `${SOPInstanceUID} ${createHash('sha256').update(bytes).digest('hex')}\n`)
  }
}

await Promise.all(Array.from({ length: 6 }, push))
