import { statfs } from 'node:fs/promises'
import type { SpaceLevel } from '../../../../shared/contract.ts'
import type { Log } from '../../base/log.ts'
import type { StoreProblem } from '../index.ts'
import { bytesUntilLook, lookAgainMs, spaceLevel, type Watermarks, watermarks } from './space.ts'

export interface Space {
  free: number
  total: number
  level: SpaceLevel
}

export interface SpaceWatch extends Readonly<Space> {
  /** Free bytes above the first mark. */
  readonly room: number
  /** So many bytes were written there. */
  landed(bytes: number): void
  close(): void
}

/** Looks at the data folder's free bytes: on a timer that hurries when there is little, and behind what lands. */
export async function watchSpace(parts: {
  folder: string
  set: Partial<Watermarks> | undefined
  log: Log
  report(problem: StoreProblem): void
}): Promise<SpaceWatch> {
  const { folder, log, report } = parts
  let space: Space = { free: 0, total: 0, level: 'ok' }
  let room = 0
  let until = 0
  let closed = false
  let timer: NodeJS.Timeout | undefined
  let looking = false

  async function look(): Promise<void> {
    const { bavail, blocks, bsize } = await statfs(folder)
    const [free, total] = [bavail * bsize, blocks * bsize]
    const marks = watermarks(total, parts.set)
    const level = spaceLevel(free, marks, space.level)
    if (level !== space.level) {
      log.warn({ level, free, total }, 'the level of free space has changed')
      const problem = spaceProblem(space.level, level)
      if (problem) report(problem)
    }
    space = { free, total, level }
    room = Math.max(0, free - marks.warn)
    until = bytesUntilLook(free, marks)
    clearTimeout(timer)
    if (closed) return
    timer = setTimeout(lookNow, lookAgainMs(free, marks))
    timer.unref()
  }

  function lookNow(): void {
    if (looking) return
    looking = true
    void look()
      .catch(error => {
        log.error({ err: error }, 'the free space could not be read')
        timer = setTimeout(lookNow, 2000)
        timer.unref()
      })
      .finally(() => {
        looking = false
      })
  }

  await look()
  return {
    get free() {
      return space.free
    },
    get total() {
      return space.total
    },
    get level() {
      return space.level
    },
    get room() {
      return room
    },
    landed(bytes) {
      until -= bytes
      if (until <= 0) lookNow()
    },
    close() {
      closed = true
      clearTimeout(timer)
    },
  }
}

/** What a person is told when the data folder's level changes; undefined where it only gets less bad. */
function spaceProblem(before: SpaceLevel, now: SpaceLevel): StoreProblem | undefined {
  const detail = 'the data folder'
  switch (now) {
    case 'refuse':
      return { severity: 'failure', sentence: 'The disk is nearly full: no image is taken. Free space on it.', detail }
    case 'close':
      if (before === 'refuse') return undefined
      return {
        severity: 'failure',
        sentence: 'The disk is nearly full: scanners that want to send are sent away for now. Free space on it.',
        detail,
      }
    case 'warn':
      if (before !== 'ok') return undefined
      return { severity: 'attention', sentence: 'The disk is getting full. Free space on it soon.', detail }
    case 'ok':
      return { severity: 'attention', sentence: 'There is room on the disk again.', detail }
  }
}
