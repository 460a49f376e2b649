import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Log } from '../../base/log.ts'
import type { Thread } from '../../base/thread.ts'
import { fileOfContent } from '../contentFile.ts'
import type { StoreProblem } from '../index.ts'
import type { WriterApi } from '../writer.ts'
import type { MovableCopy, MovedCopy } from './volumeRows.ts'
import type { Volumes } from './volumes.ts'

const BATCH_OBJECTS = 32
const BATCH_BYTES = 16 << 20
const RETRY_MS = 5000

export interface DrainProgress {
  /** Objects that have gone elsewhere since the start, and that could not. */
  moved: number
  failed: number
}

export interface DrainsParts {
  volumes: Volumes
  writer: Thread<WriterApi>
  log: Log
  /** A moved file stays so long: who was told its place before still finds it there. */
  lingerMs: number
  report(problem: StoreProblem): void
}

/**
 * Empties volumes while they are in use: copied, read back by SHA-256, then their rows change in one synced transaction, then the
 * file goes. Cut off anywhere, it goes on where the rows say.
 */
export function createDrains(parts: DrainsParts) {
  const { volumes, writer, log } = parts
  /** Batches under way, each from its asking for what is to go. */
  const stepping = new Set<Promise<unknown>>()
  const running = new Map<number, { progress: DrainProgress; stop: AbortController; over: Promise<void> }>()

  /** One batch of a volume; the last content of it, undefined when nothing is left behind `after`. */
  async function step(from: number, root: string, after: number, progress: DrainProgress): Promise<number | undefined> {
    const copies = withinBytes(await writer.call('copiesOn', from, after, BATCH_OBJECTS))
    const last = copies.at(-1)
    if (!last) return undefined
    const targets = Map.groupBy(copies, copy => volumes.choose(copy))
    for (const [to, group] of targets) {
      // Tried again: others may come, or get room.
      if (to === undefined || to === from) throw new Error('no other volume takes it')
      spare(to, group)
      const results = await volumes.put(
        to,
        group.map(copy => ({ ...copy, path: join(root, copy.file), offset: 0, crc: null })),
      )
      const moved = results.flatMap((result): MovedCopy[] =>
        'file' in result ? [{ contentId: result.contentId, from, to, file: result.file }] : [],
      )
      const gone = new Set(await writer.call('movedCopies', moved))
      progress.moved += gone.size
      progress.failed += results.length - moved.length
      leave(
        from,
        group.filter(({ contentId }) => gone.has(contentId)).map(({ file }) => file),
      )
    }
    return last.contentId
  }

  const left: Array<{ volume: number; files: string[]; at: number }> = []
  function leave(volume: number, files: string[]): void {
    if (files.length > 0) left.push({ volume, files, at: performance.now() })
  }

  /** They come to that volume anew, under the names they had there: those are not to be removed any more. */
  function spare(volume: number, copies: Array<{ contentId: number }>): void {
    const files = new Set(copies.map(({ contentId }) => fileOfContent(contentId)))
    for (const entry of left) if (entry.volume === volume) entry.files = entry.files.filter(file => !files.has(file))
  }

  /** What is locked, or lies on a disk that is away just now, is tried again. */
  async function removeLeft(linger: number): Promise<void> {
    for (const entry of left.filter(({ at }) => performance.now() - at >= linger)) {
      const rest = await volumes.remove(entry.volume, entry.files).catch(() => entry.files)
      entry.files = entry.files.filter(file => rest.includes(file))
      if (entry.files.length === 0) left.splice(left.indexOf(entry), 1)
    }
  }
  let removing = false
  const timer = setInterval(() => {
    if (removing || left.length === 0) return
    removing = true
    void removeLeft(parts.lingerMs).finally(() => {
      removing = false
    })
  }, 1000)
  timer.unref()

  async function run(id: number, progress: DrainProgress, stop: AbortSignal): Promise<void> {
    const volume = volumes.list().find(one => one.id === id)
    if (!volume) return
    let after = 0
    while (!stop.aborted) {
      try {
        const next = step(id, volume.path, after, progress)
        stepping.add(next)
        const last = await next.finally(() => stepping.delete(next))
        if (last === undefined) break
        after = last
      } catch (error) {
        if (stop.aborted) return
        log.warn({ volume: volume.name, err: error }, 'moving images to other volumes paused')
        await wait(RETRY_MS, undefined, { signal: stop, ref: false }).catch(() => {})
      }
    }
    if (stop.aborted) return
    const sentence =
      progress.failed === 0
        ? `All images of the disk "${volume.name}" lie elsewhere now.`
        : `${progress.failed} images of the disk "${volume.name}" are damaged and stayed there; the others lie elsewhere now.`
    parts.report({ severity: progress.failed === 0 ? 'attention' : 'failure', sentence, detail: volume.path })
  }

  function start(id: number): void {
    if (running.has(id)) return
    volumes.setDraining(id, true)
    const progress = { moved: 0, failed: 0 }
    const stop = new AbortController()
    running.set(id, { progress, stop, over: run(id, progress, stop.signal) })
  }

  async function cancel(id: number): Promise<void> {
    const drain = running.get(id)
    drain?.stop.abort()
    await drain?.over
    running.delete(id)
  }

  for (const volume of volumes.list()) if (volume.draining) start(volume.id)

  return {
    /** Nothing comes there any more and all of it goes elsewhere, over restarts, until `keep`. */
    async drain(id: number): Promise<void> {
      await writer.call('setVolumeDraining', id, true)
      start(id)
    },

    async keep(id: number): Promise<void> {
      await writer.call('setVolumeDraining', id, false)
      await cancel(id)
      volumes.setDraining(id, false)
    },

    spare,

    /** Resolves when no batch is under way any more that may know of rows which are gone by now. */
    async forgotten(): Promise<void> {
      await Promise.allSettled(stepping)
    },

    progress: (id: number): DrainProgress | null => running.get(id)?.progress ?? null,

    async close(): Promise<void> {
      clearInterval(timer)
      await Promise.all([...running.keys()].map(cancel))
      await removeLeft(0)
    },
  }
}

function withinBytes(copies: MovableCopy[]): MovableCopy[] {
  let size = 0
  return copies.filter((copy, index) => {
    size += copy.length
    return index === 0 || size <= BATCH_BYTES
  })
}
