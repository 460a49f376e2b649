import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { createLog } from '../../electron/station/base/log.ts'
import { startDimse } from '../../electron/station/dimse/index.ts'
import type { FoundProblem } from '../../electron/station/dimse/openAssociation.ts'
import type { Store } from '../../electron/station/store/index.ts'
import { configSchema } from '../../shared/config.ts'
import { IsocenterError } from '../../shared/errors.ts'
import { silentAudit } from '../fakes/silentAudit.ts'
import { newStore, send, type TestObject, temporaryFolder } from '../store/objects.ts'

/** The DIMSE door before a real store that holds these objects. FINDSCU and SENDER are nodes that may query. */
export async function openFindDoor(
  objects: TestObject[],
): Promise<{ port: number; store: Store; problems: FoundProblem[] }> {
  const { store } = await newStore()
  for (const object of objects) await send(store, object)
  const port = await serveStore(store)
  return { ...port, store }
}

export async function serveStore(store: Store): Promise<{ port: number; problems: FoundProblem[] }> {
  const node = (AET: string) => ({ name: AET, AET, host: '127.0.0.1', port: 104 })
  const dimse = await startDimse({
    audit: silentAudit,
    config: configSchema.parse({
      dimsePort: 0,
      dimseHost: '127.0.0.1',
      nodes: [node('FINDSCU'), node('SENDER'), { ...node('STORER'), rights: [] }],
    }),
    store,
    log: createLog('silent'),
    transcode: () => Promise.reject(new IsocenterError('unsupported-pixels', 'no decoders here')),
    captureFolder: join(temporaryFolder(), 'captures'),
    startJob: () => {
      throw new IsocenterError('internal', 'no jobs here')
    },
    doctorFile: join(temporaryFolder(), 'doctor.jsonl'),
    linger: 50,
  })
  onTestFinished(() => dimse.close({ graceMs: 100 }))
  const problems: FoundProblem[] = []
  dimse.onProblem(problem => problems.push(problem))
  return { port: dimse.port, problems }
}
