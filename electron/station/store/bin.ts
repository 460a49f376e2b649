import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { RejectionNote } from '../../../shared/dicom/rejectionNote.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import { type Disk, errorCode, SyncError } from '../base/durable.ts'
import type { Log } from '../base/log.ts'
import type { Thread } from '../base/thread.ts'
import type { Decided } from './decisions.ts'
import type { StoreProblem } from './index.ts'
import type { ReaderApi } from './reader.ts'
import type { createSettler } from './settle/settler.ts'
import type { WriterApi } from './writer.ts'

const DAY_MS = 24 * 60 * 60 * 1000
/** How often the bin is looked through for what has been in it long enough. */
const LOOK_EVERY_MS = 60 * 60 * 1000
/** Contents a step: some 10 ms of the writer, that a sender waits for at most. */
const STEP = 100
const FILES_AT_ONCE = 500
const NOTES_AT_ONCE = 10_000

interface BinDeps {
  dataDir: string
  log: Log
  disk: Disk
  /** 0 = what is deleted stays in the bin until somebody purges it. */
  binDays: number
  writer: Thread<WriterApi>
  read: Thread<ReaderApi>['call']
  /** Makes a decision durable and tells of it. */
  decide<Answer>(commit: () => Promise<Decided<Answer>>): Promise<Answer>
  tell(decided: Pick<Decided<unknown>, 'changes' | 'seq'>): void
  report(problem: StoreProblem): void
  /** 'store-read-only' from now on. */
  failedSync(error: unknown): void
  /** Nothing is decided or unlinked while the disk is in doubt. */
  writable(): boolean
  settler: Pick<ReturnType<typeof createSettler>, 'forgotten' | 'purged'>
}

/** Unlinks the files whose rows a purge has removed, durably, and then forgets them. */
export async function unlinkDoomed(writer: Thread<WriterApi>, disk: Disk, dataDir: string): Promise<void> {
  for (;;) {
    const { doomed } = await writer.call('purgeWork', 0, FILES_AT_ONCE)
    if (doomed.length === 0) return
    const folders = new Set<string>()
    for (const file of doomed) {
      const path = join(dataDir, file)
      await disk.removeFile(path).catch(error => {
        if (errorCode(error) !== 'ENOENT') throw error
      })
      folders.add(dirname(path))
    }
    // Also where no file was found: a start before this one may have unlinked it and not come so far. What never settled has no folder.
    for (const folder of folders) if (existsSync(folder)) await disk.syncFolder(folder)
    await writer.call('forgetDoomed', doomed)
  }
}

/**
 * What goes on behind deletions: rejection notes are read after their sender was answered, what has been in the bin long enough is
 * purged, and files are unlinked, never before the rows and the log say so. All of it is taken up again after a restart.
 */
export function startBin(deps: BinDeps) {
  const { dataDir, log, disk, binDays, writer, read, decide, tell, report, failedSync, writable, settler } = deps
  let closed = false
  let running: Promise<void> | undefined
  let again = false

  async function readNotes(): Promise<void> {
    for (const content of await writer.call('unreadNotes', NOTES_AT_ONCE)) {
      if (closed) return
      // One that cannot be read keeps none of the others from being heard; it is tried again the next time.
      // Settling may have moved it between the look into the index and that into the file.
      const again = (error: unknown) => (errorCode(error) === 'ENOENT' ? readOne(content) : Promise.reject(error))
      await readOne(content)
        .catch(again)
        .catch(error => log.error({ err: error, contentId: content }, 'a note could not be read'))
    }
  }

  async function readOne(content: number): Promise<void> {
    const found = await read('readNote', content)
    if (found?.note === 'too-many') {
      log.warn({ contentId: content, sender: found.sender }, 'a rejection note names too many images: it is only kept')
      report({
        severity: 'attention',
        sentence: 'A rejection note names more images than one note may. It is kept, and nothing was hidden by it.',
        detail: `from ${found.sender}`,
      })
    }
    const note: RejectionNote | undefined = found?.note === 'too-many' ? undefined : found?.note
    const { SOPInstanceUID = '', StudyInstanceUID = '', sender = '' } = found ?? {}
    const { studies } = await decide(() =>
      writer.call('reject', content, note && { ...note, SOPInstanceUID }, StudyInstanceUID, sender, Date.now()),
    )
    if (!note) return
    log.info({ SOPInstanceUID, sender, code: note.code, images: note.instances.length }, 'a rejection note was applied')
    if (studies > 0) {
      report({
        severity: 'attention',
        sentence:
          'Images were rejected by a note and are hidden. Deleted shows them; they can be taken back from there.',
        detail: `${note.reason}, from ${sender}`,
      })
    }
  }

  async function purge(id: string): Promise<void> {
    while (!closed) {
      const step = await writer.call('purgeSome', id, STEP)
      tell(step)
      if (!step.left) break
      // Whoever stores comes between.
      await wait(1)
    }
    await settler.purged()
  }

  async function look(): Promise<void> {
    if (!writable()) return
    await readNotes()
    const { due } = await writer.call('purgeWork', binDays > 0 ? Date.now() - binDays * DAY_MS : 0, 0)
    for (const id of closed ? [] : due) await decide(() => writer.call('beginPurge', id, 'station', Date.now()))
    const { purging } = await writer.call('purgeWork', 0, 0)
    for (const id of purging) await purge(id)
    // A batch that began before the rows were gone may still be making a file of one of them.
    await settler.forgotten()
    if (!closed) await unlinkDoomed(writer, disk, dataDir)
  }

  function wake(): void {
    again = true
    running ??= (async () => {
      try {
        while (again && !closed) {
          again = false
          await look()
        }
      } catch (error) {
        if (error instanceof SyncError) failedSync(error)
        const draining = error instanceof IsocenterError && error.code === 'draining'
        if (!closed && !draining)
          log.error({ err: error }, 'the bin was not looked through to its end; the next time goes on')
      } finally {
        running = undefined
      }
    })()
  }

  const timer = setInterval(wake, LOOK_EVERY_MS)
  timer.unref()

  return {
    /** There may be something to do: the store was opened, a note came, a purge was decided. */
    wake,
    async close(): Promise<void> {
      closed = true
      clearInterval(timer)
      await running
    },
  }
}
