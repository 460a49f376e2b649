import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { RejectionNote } from '../../../shared/dicom/rejectionNote.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import { type Disk, errorCode, SyncError } from '../base/durable.ts'
import type { Log } from '../base/log.ts'
import type { Thread } from '../base/thread.ts'
import { readDecisions } from './decisionLog.ts'
import type { Decided } from './decisions.ts'
import { saysEmptied } from './emptied.ts'
import type { StoreProblem } from './index.ts'
import type { ReaderApi } from './reader.ts'
import type { createSettler } from './settle/settler.ts'
import type { createDrains } from './volumes/drain.ts'
import { DATA_VOLUME } from './volumes/placement.ts'
import type { Volumes } from './volumes/volumes.ts'
import type { WriterApi } from './writer.ts'

const DAY_MS = 24 * 60 * 60 * 1000
/** How often the bin is looked through for what has been in it long enough. */
const LOOK_EVERY_MS = 60 * 60 * 1000
/** Contents a step: some 10 ms of the writer, that a sender waits for at most. */
const STEP = 100
const FILES_AT_ONCE = 500
const NOTES_AT_ONCE = 10_000
const NOTHING: Decided<undefined> = { answer: undefined, changes: [], seq: 0, decisions: [] }

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
  report(problem: StoreProblem): void
  /** A deletion is purged because its time is over. */
  purging(id: string): Promise<void>
  /** 'store-read-only' from now on. */
  failedSync(error: unknown): void
  /** Nothing is decided or unlinked while the disk is in doubt. */
  writable(): boolean
  /** Nor is a purge begun, or gone on with, that could not name what has no rows yet. */
  repairing(): boolean
  volumes: Pick<Volumes, 'list' | 'remove'>
  settler: Pick<ReturnType<typeof createSettler>, 'forgotten' | 'purged'>
  drains: Pick<ReturnType<typeof createDrains>, 'forgotten'>
}

/** Unlinks the files of a volume whose rows a purge has removed, and then forgets them. `unlink` is durable, and answers with the rest. */
async function unlinkOn(volume: number, writer: Thread<WriterApi>, unlink: (files: string[]) => Promise<string[]>) {
  for (let after = ''; ; ) {
    const files = await writer.call('doomed', volume, after, FILES_AT_ONCE)
    const last = files.at(-1)
    if (last === undefined) return
    const left = new Set(await unlink(files))
    const gone = files.filter(file => !left.has(file))
    await writer.call('forgetDoomed', volume, gone)
    after = last
  }
}

/** Those of the data folder. */
export async function unlinkDoomed(writer: Thread<WriterApi>, disk: Disk, dataDir: string): Promise<void> {
  await unlinkOn(DATA_VOLUME, writer, async files => {
    const folders = new Set<string>()
    for (const file of files) {
      const path = join(dataDir, file)
      await disk.removeFile(path).catch(error => {
        if (errorCode(error) !== 'ENOENT') throw error
      })
      folders.add(dirname(path))
    }
    // Also where no file was found: a start before this one may have unlinked it and not come so far. What never settled has no folder.
    for (const folder of folders) if (existsSync(folder)) await disk.syncFolder(folder)
    return []
  })
}

/**
 * What goes on behind deletions: rejection notes are read after their sender was answered, what has been in the bin long enough is
 * purged, and files are unlinked, never before the rows and the log say so. All of it is taken up again after a restart.
 */
export function startBin(deps: BinDeps) {
  const { dataDir, log, disk, binDays, writer, read, decide, report, failedSync, writable, volumes, settler } = deps
  let closed = false
  let running: Promise<void> | undefined
  let again = false
  /** Those of an earlier process. */
  let saidPurges = false
  let saidEmptied = false

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
    // Its own word may still be on its way into the log, or be owed by a full disk: nothing goes before it is there.
    await decide(async () => NOTHING)
    while (!closed) {
      // What a step leaves nothing of stands in the log before what is written of it once it has come anew: decided in the same order.
      const left = await decide(async () => {
        const { left, ...decided } = await writer.call('purgeSome', id, STEP, Date.now())
        return { ...decided, answer: left }
      })
      if (!left) {
        await decide(() => writer.call('endPurge', id))
        break
      }
      // Whoever stores comes between.
      await wait(1)
    }
    await settler.purged()
  }

  async function sayPurges(): Promise<void> {
    if (saidPurges) return
    const purging = await writer.call('purging')
    if (purging.length > 0) {
      const unsaid = new Set(purging)
      for await (const decision of readDecisions(join(dataDir, 'decisions.log'))) {
        if (decision.kind === 'purged') unsaid.delete(decision.id)
      }
      await decide(() => writer.call('sayPurges', [...unsaid]))
    }
    saidPurges = true
  }

  async function sayEmptied(): Promise<void> {
    if (saidEmptied) return
    const owed = new Map((await writer.call('emptied')).map(study => [study.StudyInstanceUID, study]))
    if (owed.size > 0) {
      const said = []
      for await (const line of readDecisions(join(dataDir, 'decisions.log'))) {
        const study = owed.get(line.StudyInstanceUID)
        if (!study || !saysEmptied(line, study)) continue
        said.push(study)
        owed.delete(line.StudyInstanceUID)
      }
      await writer.call('emptiedSaid', said)
      await decide(() => {
        // Once: what a full disk does not take the log owes, ahead of whatever is decided behind it.
        saidEmptied = true
        return writer.call('sayEmptied', [...owed.values()])
      })
    }
    saidEmptied = true
  }

  async function look(): Promise<void> {
    if (!writable()) return
    await readNotes()
    if (!deps.repairing()) await sayPurges()
    await sayEmptied()
    const due = binDays > 0 ? await writer.call('duePurges', Date.now() - binDays * DAY_MS) : []
    for (const id of closed || deps.repairing() ? [] : due) {
      await deps.purging(id)
      await decide(() => writer.call('beginPurge', id, 'station', Date.now()))
    }
    // While an index is made again nobody knows yet whether a study is empty: its images may have no rows yet.
    for (const id of deps.repairing() ? [] : await writer.call('purging')) await purge(id)
    // A batch that began before the rows were gone may still be making a file of one of them.
    await settler.forgotten()
    await deps.drains.forgotten()
    // What the log still owes, for the disk was full, comes before anything is unlinked.
    await decide(async () => NOTHING)
    if (!closed) await unlinkDoomed(writer, disk, dataDir)
    await unlinkElsewhere()
  }

  /** A disk that is away, or does not answer, keeps its files until it is back. */
  async function unlinkElsewhere(): Promise<void> {
    for (const { id, name, state } of volumes.list()) {
      if (closed || id <= DATA_VOLUME || state !== 'ready') continue
      await unlinkOn(id, writer, files => volumes.remove(id, files)).catch(error => {
        if (!closed) log.warn({ volume: name, err: error }, 'purged files could not be removed yet')
      })
    }
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
    /** There may be something to do: the store was opened, a note came, a purge was decided, a disk came back. */
    wake,
    /**
     * What a crash kept from the log of an earlier process's purges: before anything of them goes, and before anything is written of what has
     * come anew. Once; where it fails, the bin does it when it is looked through.
     */
    sayPurges,
    sayEmptied,
    async close(): Promise<void> {
      closed = true
      clearInterval(timer)
      await running
    },
  }
}
