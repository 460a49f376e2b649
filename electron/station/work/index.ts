import { basename } from 'node:path'
import type { AuditSink } from '../../../shared/audit.ts'
import type { WatchedFolder } from '../../../shared/config.ts'
import type { JobSummary, WatchedFolderSummary } from '../../../shared/contract.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { ImageText } from '../../../shared/export.ts'
import type { Log } from '../base/log.ts'
import { startThread, type Thread } from '../base/thread.ts'
import type { Store, StoredObject } from '../store/index.ts'
import { startBackground } from './background.ts'
import { type CommitmentDoor, requestCommitment } from './commitment.ts'
import type { DeidentifyAnswer, DeidentifyRequest } from './export/deidentifyObject.ts'
import { importFiles } from './importFiles.ts'
import { Jobs, type Progress } from './jobs.ts'
import type { RenderOptions } from './renderFrame.ts'
import { startRendering } from './rendering.ts'
import { takeIn } from './takeIn.ts'
import { type TranscodedFile, Transcoder } from './transcoder.ts'
import { checkFolders, Watch, type WatchOptions } from './watch/index.ts'
import type { WorkApi } from './workThread.ts'

export type { DeidentifyAnswer, DeidentifyRequest } from './export/deidentifyObject.ts'
export { mediaNames } from './export/mediaNames.ts'
export { indexPage, type PagePicture, readmeText } from './export/page.ts'
export { type ZipEntry, zipOf } from './export/zip.ts'
export type { Progress } from './jobs.ts'
export type { RenderOptions } from './renderFrame.ts'
export { takeIn } from './takeIn.ts'

/** The workshop: import, sample studies, and what is done to objects after their sender was answered. */
export interface Work {
  /** Files and folders of this machine, walked to the bottom. Returns at once. */
  startImport(paths: string[]): JobSummary
  /** The SYNTHETIC studies; a second time they are duplicates. Returns at once. */
  loadSamples(): JobSummary
  /** Brings index and files together; one that runs already is the answer. `verify`: reads every byte. Returns at once. */
  startRepair(verify: boolean): JobSummary
  /** Long work of another room, on the same list. `work` ends it by returning; what it throws is its error. Returns at once. */
  startJob(
    kind: 'send' | 'fetch' | 'export' | 'print',
    title: string,
    work: (progress: Progress) => Promise<void>,
  ): JobSummary
  /** Asks a node, by its name, whether it keeps a study safe. Returns at once. */
  requestCommitment(StudyInstanceUID: string, node: string): JobSummary
  /** Throws 'not-found'. What was stored before stays. */
  cancel(id: string): JobSummary
  /** Newest first. */
  list(): JobSummary[]
  /** Looks into these contents before all others; resolves when it has. */
  hurry(contentIds: number[]): Promise<void>
  /**
   * An object's data set as Explicit or Implicit VR Little Endian, without loss, in a file to be removed. Rejects with
   * 'unsupported-pixels' (video, no decoder), 'malformed', 'too-large', 'not-found'.
   */
  transcode(object: StoredObject, TransferSyntaxUID: string): Promise<TranscodedFile>
  /**
   * One frame (1-based) of encapsulated pixels as native pixel data has it, little endian; colours as the object's uncompressed form
   * has them. Rejects as `transcode` does.
   */
  nativeFrame(contentId: number, frame: number): Promise<Uint8Array<ArrayBuffer>>
  /**
   * A picture of one frame (1-based; undefined: the one that stands for the object), as PNG or JPEG. Rejects with 'not-found',
   * 'unsupported-pixels', 'bad-request' or, with too many before it, 'busy'.
   */
  render(contentId: number, frame: number | undefined, options: RenderOptions): Promise<Uint8Array<ArrayBuffer>>
  /** Where there may be writing in an object's pixels. Rejects with 'unsupported-pixels', 'not-found'. */
  findText(contentId: number): Promise<ImageText>
  /** An object as a file that names nobody; see `deidentifyObject` for what it rejects with. */
  deidentify(
    request: Omit<DeidentifyRequest, 'object' | 'frames' | 'file'> & { contentId: number },
  ): Promise<DeidentifyAnswer>
  /** Told at most five times a second per job, and when it ends. Returns the unsubscribe. */
  onChange(listener: (job: JobSummary) => void): () => void
  /** The watched folders, as they do. */
  folders(): WatchedFolderSummary[]
  /** Throws 'unwatchable' in words. */
  checkFolders(folders: WatchedFolder[]): void
  /** Watches these from now on; they were checked before. */
  setFolders(folders: WatchedFolder[]): Promise<void>
  /** Cancels the jobs and ends the threads. */
  close(): Promise<void>
}

interface WorkOptions {
  store: Store
  log: Log
  audit: AuditSink
  transcodedFolder: string
  /** The way to other nodes, once it is open. */
  commitmentDoor?: CommitmentDoor
  /** Folders that others write images into; without it there are none. */
  watch?: WatchOptions
}

function startWorkThread(options?: { aside: boolean }): Thread<WorkApi> {
  return startThread<WorkApi>(
    new URL(import.meta.url.endsWith('.ts') ? './workThread.ts' : './workThread.js', import.meta.url),
    undefined,
    options,
  )
}

/** `transcodedFolder`: where what is being sent lies, for as long as it is. */
export function startWork(options: WorkOptions): Work {
  const { store, log, audit, transcodedFolder, commitmentDoor, watch: watched } = options
  const jobs = new Jobs(log)
  const background = startBackground({ store, log, startThread: () => startWorkThread({ aside: true }) })
  const transcoder = new Transcoder({ read: store.read, folder: transcodedFolder, startThread: startWorkThread })
  const rendering = startRendering({ read: store.read, startThread: startWorkThread })
  const watch = watched && new Watch(watched, { store, log, audit })
  return {
    startImport(paths) {
      const title =
        paths.length === 1 ? `Import of ${basename(paths[0]!) || paths[0]}` : `Import of ${paths.length} places`
      return jobs.start('import', title, progress => importFiles(store, paths, progress, audit))
    },
    loadSamples: () => jobs.start('samples', 'Sample studies', progress => storeSamples(store, progress)),
    startRepair(verify) {
      const title = verify ? 'Repair of the index, every byte read' : 'Repair of the index'
      const running = jobs.list().find(job => job.title === title && job.state === 'running')
      return running ?? jobs.start('repair', title, progress => store.repair(verify, progress))
    },
    startJob: (kind, title, run) => jobs.start(kind, title, run),
    requestCommitment(StudyInstanceUID, node) {
      if (!commitmentDoor) throw new IsocenterError('destination-unknown', node)
      return jobs.start('commitment', `Is it safe at ${node}?`, progress =>
        requestCommitment(store.read, commitmentDoor, StudyInstanceUID, node, progress),
      )
    },
    cancel: id => jobs.cancel(id),
    list: () => jobs.list(),
    hurry: contentIds => background.hurry(contentIds),
    transcode: (object, TransferSyntaxUID) => transcoder.transcode(object, TransferSyntaxUID),
    nativeFrame: (contentId, frame) => transcoder.nativeFrame(contentId, frame),
    findText: contentId => transcoder.findText(contentId),
    deidentify: ({ contentId, ...request }) => transcoder.deidentify(contentId, request),
    render: (contentId, frame, options) => rendering.render(contentId, frame, options),
    onChange: listener => jobs.onChange(listener),
    folders: () => watch?.list() ?? [],
    checkFolders: folders => checkFolders(folders, watched?.ours ?? []),
    async setFolders(folders) {
      await watch?.set(folders)
    },
    async close() {
      await watch?.close()
      await jobs.close()
      await rendering.close()
      await background.close()
      await transcoder.close()
    },
  }
}

/** Phantoms are built in a thread of their own, so that they do not wait behind thumbnails. */
async function storeSamples(store: Store, progress: Progress): Promise<void> {
  const thread = startWorkThread()
  try {
    progress.total(await thread.call('sampleCount'))
    let next = thread.call('nextSample')
    while (!progress.signal.aborted) {
      const sample = await next
      if (!sample) return
      // The next one is built while this one goes to disk.
      next = thread.call('nextSample')
      next.catch(() => {})
      const { dataSet, ...identity } = sample
      const origin = { door: 'sample', sourceAET: 'SYNTHETIC', sendingAET: '', receivingAET: '', address: '' } as const
      const received = await takeIn(store, { origin, ...identity }, [dataSet], progress.signal)
      progress.received(received.outcome)
    }
  } finally {
    await thread.stop()
  }
}
