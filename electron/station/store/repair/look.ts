import { open, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { AeProfiles } from '../../../../shared/config.ts'
import { ERRORS, type ErrorCode, IsocenterError } from '../../../../shared/errors.ts'
import { createDisk, errorCode } from '../../base/durable.ts'
import type { ReferencedCopy } from '../commitment/readReferenced.ts'
import { fileOfContent } from '../contentFile.ts'
import type { PlacedObject } from '../receivedObject.ts'
import { DATA_VOLUME } from '../volumes/placement.ts'
import { openOldIndex } from './oldIndex.ts'
import { checksums, isAsBefore, type Pace, readObject } from './readObject.ts'
import type { Findings, KnownCopy } from './repairRows.ts'

/** Content numbers whose files share a folder (`contentFile.ts`). */
export const BLOCK = 256

/** Files of the data folder read at once: each waits for the disk most of the time. Of another disk one: libuv's four threads are everybody's. */
const AT_ONCE = 4

export interface LookData {
  dataDir: string
  profiles: AeProfiles
  /** An index that was set aside: what can still be read of it says what no file says. */
  oldIndex?: string
}

export interface LookOrder {
  /** Whose files are looked at, below which folder ('' = the data folder's). */
  volume: number
  root: string
  /** The first content number of the folder. */
  from: number
  /** Numbers above came after the repair began: they have rows. */
  upTo: number
  known: KnownCopy[]
  gone: number[]
  doomed: string[]
  /** Read everything and compare. */
  verify: boolean
}

/** A file that no row is made for: where it belongs, and why. */
export interface Aside {
  contentId: number
  /** Of the volume it stays on; `file` begins with it. */
  root: string
  file: string
  to: 'orphans' | 'quarantine'
  reason: string
}

/** What is wrong with a copy that has a row. */
export interface Damage {
  contentId: number
  file: string
  reason: string
}

export interface Look {
  /** Copies and files that were looked at. */
  looked: number
  found: PlacedObject[]
  aside: Aside[]
  damage: Damage[]
  /** Of copies that have rows: those that are as they should be, and what was not known of them before. */
  findings: Pick<Findings, 'whole' | 'hashes'>
  /** Files that are none of ours: they stay where they are. */
  strange: string[]
}

export const GONE = 'It was deleted for good, or came again from the landing log; this file was left.'

/** Objects that are to blame themselves; with any other error the file is left where it is. */
const UNUSABLE: readonly ErrorCode[] = ['not-dicom', 'malformed', 'invalid-uid']

/** Repair's and the scrub's own thread: it reads files and compares them with what the index says; it changes nothing. */
export function createLook({ dataDir, profiles, oldIndex }: LookData) {
  const disk = createDisk()
  const remembered = openOldIndex(oldIndex)
  const unpaced: Pace = async () => {}

  /** One folder of 256 numbers. */
  async function look(order: LookOrder): Promise<Look> {
    const { volume, root, from, upTo, known, gone, doomed, verify } = order
    const folder = dirname(fileOfContent(from))
    const answer: Look = {
      looked: 0,
      found: [],
      aside: [],
      damage: [],
      findings: { whole: [], hashes: [] },
      strange: [],
    }
    const names = await readdir(resolve(dataDir, root, folder)).catch(error => {
      if (errorCode(error) === 'ENOENT') return []
      throw error
    })
    const files = new Set<number>()
    for (const name of names) {
      const contentId = Number.parseInt(name, 16)
      if (basename(fileOfContent(contentId || 0)) === name && Math.floor(contentId / BLOCK) * BLOCK === from) {
        files.add(contentId)
      } else answer.strange.push(`${root}${folder}/${name}`)
    }
    const rows = new Set(known.map(({ contentId }) => contentId))
    // What has rows on another disk is its own: one that hangs would hold up all others.
    for (const copy of volume === DATA_VOLUME ? known : []) {
      if (copy.volume !== DATA_VOLUME) continue
      answer.looked++
      await compare(copy, verify, unpaced, answer)
    }
    const unknown: number[] = []
    for (const contentId of files) {
      if (rows.has(contentId) || contentId > upTo || doomed.includes(fileOfContent(contentId))) continue
      answer.looked++
      if (!gone.includes(contentId)) unknown.push(contentId)
      else answer.aside.push({ contentId, root, file: root + fileOfContent(contentId), to: 'orphans', reason: GONE })
    }
    const reading = Array.from({ length: volume === DATA_VOLUME ? AT_ONCE : 1 }, async () => {
      for (let next = unknown.pop(); next !== undefined; next = unknown.pop()) await readNew(next, order, answer)
    })
    await Promise.all(reading)
    // Their names may be in the system's cache alone, too.
    if (volume === DATA_VOLUME && answer.found.length > 0) await disk.syncFolder(resolve(dataDir, root, folder))
    answer.found.sort((a, b) => a.contentId - b.contentId)
    return answer
  }

  /** On a disk that is mounted read-only nothing waits to be written. */
  async function syncAsFound(path: string): Promise<void> {
    const written = await disk.openToAppend(path).catch(error => {
      if (errorCode(error) !== 'EROFS') throw error
    })
    await written?.sync().finally(() => written.close())
  }

  async function readNew(contentId: number, { volume, root, verify }: LookOrder, answer: Look): Promise<void> {
    const file = root + fileOfContent(contentId)
    const path = resolve(dataDir, file)
    try {
      const handle = await open(path, 'r')
      try {
        const { size } = await handle.stat()
        const before = remembered(contentId)
        const place = { contentId, handle, file, volume, root, offset: 0, size }
        const { object, differs } = await readObject(place, profiles, verify, before, unpaced)
        // A settling that was cut off may have left it in the system's cache alone: a row is a promise.
        await syncAsFound(path)
        answer.found.push(object)
        if (differs) answer.damage.push({ contentId, file, reason: 'Its bytes are not those that were received.' })
      } finally {
        await handle.close()
      }
    } catch (error) {
      if (error instanceof IsocenterError && UNUSABLE.includes(error.code)) {
        answer.aside.push({ contentId, root, file, to: 'quarantine', reason: ERRORS[error.code].sentence })
      } else answer.damage.push({ contentId, file, reason: `It could not be read (${errorCode(error) || 'unknown'}).` })
    }
  }

  /** A copy that has a row: is its file there, as long as it should be, and, when it is read, are its bytes the same? */
  async function compare(
    copy: KnownCopy,
    read: boolean,
    pace: Pace,
    answer: { damage: Damage[]; findings: Pick<Findings, 'whole' | 'hashes'> },
  ): Promise<void> {
    const { contentId, file, offset, metaLength, length } = copy
    const path = resolve(dataDir, file)
    const damaged = (reason: string) => void answer.damage.push({ contentId, file, reason })
    try {
      if (!read && copy.state === 'whole') {
        const { size } = await stat(path)
        if (size !== offset + metaLength + length)
          damaged(`Its file has ${size} bytes instead of ${offset + metaLength + length}.`)
        return
      }
      const handle = await open(path, 'r')
      try {
        const { size } = await handle.stat()
        const sums = await checksums({ handle, offset: offset + metaLength, length }, pace)
        if (size < offset + metaLength + length) damaged('Its file ends too early.')
        else if (!isAsBefore(copy, sums)) damaged('Its bytes are not those that were received.')
        else {
          if (copy.state === 'damaged') answer.findings.whole.push(contentId)
          if (copy.sha256.length === 0) answer.findings.hashes.push({ contentId, ...sums })
        }
      } finally {
        await handle.close()
      }
    } catch (error) {
      damaged(
        errorCode(error) === 'ENOENT'
          ? 'Its file is missing.'
          : `It could not be read (${errorCode(error) || 'unknown'}).`,
      )
    }
  }

  return {
    look,

    /** Contents that have rows, read again at a rate. */
    async scrub(
      copies: KnownCopy[],
      bytesPerSecond: number,
    ): Promise<Pick<Look, 'damage' | 'findings'> & { bytes: number }> {
      const answer = { damage: [], findings: { whole: [], hashes: [] }, bytes: 0 } satisfies Pick<
        Look,
        'damage' | 'findings'
      > & {
        bytes: number
      }
      const pace: Pace = async bytes => {
        answer.bytes += bytes
        await wait((bytes / bytesPerSecond) * 1000)
      }
      for (const copy of copies) await compare(copy, true, pace, answer)
      return answer
    },

    /** Copies read to their end, wherever they lie. 'unread': there is no such file, or its disk does not give it. */
    async verify(copies: ReferencedCopy[]): Promise<Array<'whole' | 'differs' | 'unread'>> {
      const results: Array<'whole' | 'differs' | 'unread'> = []
      for (const copy of copies) {
        const { file, offset, metaLength, length } = copy
        try {
          const handle = await open(resolve(dataDir, file), 'r')
          try {
            const { size } = await handle.stat()
            const sums = await checksums({ handle, offset: offset + metaLength, length }, unpaced)
            results.push(size >= offset + metaLength + length && isAsBefore(copy, sums) ? 'whole' : 'differs')
          } finally {
            await handle.close()
          }
        } catch {
          results.push('unread')
        }
      }
      return results
    },

    /** What has rows already, as it would be received: to be placed anew behind an older version. Those that can't be read are left out. */
    async readAgain(copies: KnownCopy[]): Promise<PlacedObject[]> {
      const objects: PlacedObject[] = []
      for (const copy of copies) {
        const { contentId, file, offset, metaLength, length, volume, root, state } = copy
        const handle = await open(resolve(dataDir, file), 'r').catch(() => undefined)
        if (!handle) continue
        try {
          const place = { contentId, handle, file, volume, root, offset, size: metaLength + length }
          const { object } = await readObject(place, profiles, false, copy, unpaced)
          objects.push({ ...object, adopted: { volume, root, state, sha256: copy.sha256 } })
        } catch {
          // Left out: its older version waits for the next repair.
        } finally {
          await handle.close()
        }
      }
      return objects
    },

    /** How many files there are below `files/` of these roots, in its folders of 256. */
    async count(roots: string[]): Promise<number> {
      let files = 0
      for (const root of roots.map(one => resolve(dataDir, one, 'files'))) {
        for (const high of await readdir(root).catch(() => [])) {
          for (const low of await readdir(join(root, high)).catch(() => [])) {
            files += (await readdir(join(root, high, low)).catch(() => [])).length
          }
        }
      }
      return files
    },
  }
}
