import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { createLog } from '../../electron/station/base/log.ts'
import type { StoredObject } from '../../electron/station/store/index.ts'
import { openStore } from '../../electron/station/store/openStore.ts'
import { startWork, type Work } from '../../electron/station/work/index.ts'
import type { SampleObject } from '../../electron/station/work/samples/synthetic.ts'
import { contract, type JobSummary } from '../../shared/contract.ts'
import { writeFileMeta } from '../../shared/dicom/part10.ts'
import { silentAudit } from '../fakes/silentAudit.ts'

/** A folder that goes away with the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'isocenter-work-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A real store and workshop on a folder of their own. */
export async function openWork() {
  const dataDir = await temporaryFolder()
  const log = createLog('silent')
  const store = await openStore({ dataDir, log })
  const work = startWork({ audit: silentAudit, store, log, transcodedFolder: join(dataDir, 'transcoded') })
  onTestFinished(async () => {
    await work.close()
    await store.close()
  })
  /** Resolves when nothing waits to be looked into and every object has been. */
  const settled = async () => {
    while ((await store.read.pendingWork(1)).length > 0) await wait(20)
    const lacking = (await everything()).filter(({ thumbnail, unshowable }) => !thumbnail && !unshowable)
    await work.hurry(lacking.map(({ object }) => object.contentId))
  }
  /** Every object stored, with what the viewer is told of it. */
  const everything = async () => {
    const { studies } = await store.read.listStudies(
      contract['studies.list'].in.parse({ sort: 'PatientName', descending: false, limit: 500 }),
    )
    const found: Array<{ object: StoredObject; thumbnail: Uint8Array | null; unshowable?: string }> = []
    for (const { StudyInstanceUID } of studies) {
      const { series } = await store.read.getStudy(StudyInstanceUID)
      for (const { SeriesInstanceUID } of series) {
        const manifest = await store.read.getManifest(StudyInstanceUID, SeriesInstanceUID)
        for (const { contentId, unshowable } of manifest.instances) {
          const object = await store.read.locateContent(contentId)
          found.push({ object, thumbnail: await store.read.getThumbnail(contentId), unshowable })
        }
      }
    }
    return found
  }
  return { store, work, settled, everything }
}

/** The job's last summary. */
export async function ended(work: Work, job: JobSummary): Promise<JobSummary> {
  while (true) {
    const now = work.list().find(({ id }) => id === job.id)
    if (now && now.state !== 'running') return now
    await wait(10)
  }
}

/** The object as a file. */
export function fileOf(sample: SampleObject): Uint8Array {
  const meta = writeFileMeta({
    MediaStorageSOPClassUID: sample.SOPClassUID,
    MediaStorageSOPInstanceUID: sample.SOPInstanceUID,
    TransferSyntaxUID: sample.TransferSyntaxUID,
  })
  return Uint8Array.from(Buffer.concat([meta, sample.dataSet]))
}
