import {
  closeSync,
  constants,
  existsSync,
  type FSWatcher,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  realpathSync,
  rmSync,
  type Stats,
  statSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { join, sep } from 'node:path'
import { errorCode } from '../../base/durable.ts'
import { reasonOf } from '../walk.ts'
import { isUnchanged, putAside } from './putAside.ts'
import { fingerprintOf, Seen } from './seen.ts'
import { identityOf, type Walked, walkFolder } from './walkFolder.ts'

/** Unchanged over two looks so far apart, a file is taken for finished. */
const STABLE_MS = 2000
/** One that ends in the middle is waited for so long before it is taken as it is. */
const HALF_MS = 10 * 60_000
/** One that was written meanwhile, or that the vault did not take for now. */
const AGAIN_MS = 10_000
/** Files looked at once; the walk rests when there are so many. */
const MOST_YOUNG = 4096
/** Of them, those that end in the middle; more are taken as they are, or the walk would stand still for them. */
const MOST_HALVES = 1024
const READY_AT_ONCE = 64
/** A look lasts so long, that others of the machine come between. */
const LOOK_MS = 25
/** Between two walks, and as a multiple of what the last one took: a large folder is a fifth of one core. */
const REST_MS = 2000
const REST_TIMES = 4
/** The same after the system said that something has changed. */
const HINTED_MS = 250
const HINTED_TIMES = 2
const CHUNK_BYTES = 512 * 1024
/** Paths of which it is known that an earlier, shorter file was taken. */
const MOST_RECENT = 20_000
const MOST_REASONS = 200
/** A link or a pipe that came in a file's place is not opened, and not waited for. */
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

export interface EyesData {
  root: string
  movedTo: string | undefined
  memoryFile: string
  /** Folders of the station: never looked into. */
  ours: string[]
}

export interface ReadyFile {
  id: number
  /** Below the root. */
  name: string
}

export interface Look {
  ready: ReadyFile[]
  /** Files that may still be written. */
  young: number
  known: number
  /** There is nothing to do before `rest` resolves. */
  rest: boolean
  /** Why the folder cannot be watched; '' = it can. */
  trouble: string
  /** Names below the root that could not be looked into or moved, with the reason. */
  reasons: Array<{ file: string; reason: string }>
}

export interface Opened {
  chunk: Uint8Array
  /** All of it is in `chunk`, and it has not changed meanwhile. */
  end: boolean
  /** Another file of this name was taken before: this one has grown. */
  again: boolean
  /** What is there of it is all that will come. */
  isAll: boolean
}

/** 'half': it ends in the middle; 'later': nothing was wrong with it; 'forget': the next walk meets it again. */
export type Verdict = 'taken' | 'refused' | 'half' | 'later' | 'forget'

interface Young {
  size: number
  mtimeMs: number
  /** When it was first seen so. */
  since: number
  due: number
  isHalf: boolean
}

interface Given {
  name: string
  young: Young
  descriptor?: number
  /** Bytes of it that were not read yet. */
  left: number
}

/**
 * One watched folder, in a thread of its own and with calls that block: a network drive that hangs stops nothing else. It says which
 * files are finished and new, reads them, remembers what became of them, and puts them aside.
 */
export function createFolderEyes({ root, movedTo, memoryFile, ours }: EyesData) {
  const seen = new Seen(memoryFile)
  /** By name below the root. */
  const young = new Map<string, Young>()
  const given = new Map<number, Given>()
  /** Names of those that were given out. */
  const inHand = new Set<string>()
  const recent = new Set<string>()
  let lastId = 0
  let walking: Generator<Walked | undefined> | undefined
  let walkMs = 0
  let errors = 0
  let files = 0
  /** The device on which files were last found. */
  let device: number | undefined
  /** They were found at the place of a drive; over restarts, for the numbers of network drives change with each connection. */
  const mountFile = `${memoryFile}.mount`
  let wasMount = existsSync(mountFile)
  let nextWalk = 0
  let restEnd = 0
  let watcher: FSWatcher | undefined
  let wake = () => {}
  let reasons: Look['reasons'] = []
  /** Until a walk has been to its end again. */
  let trouble = ''
  let asideTrouble = ''
  /** In this walk. */
  let asideFailed = false

  function tell(file: string, error: unknown): void {
    if (reasons.length < MOST_REASONS)
      reasons.push({ file, reason: typeof error === 'string' ? error : reasonOf(error) })
  }

  function hint(): void {
    nextWalk = Math.min(nextWalk, Math.max(performance.now() + HINTED_MS, restEnd + HINTED_TIMES * walkMs))
    wake()
  }

  /** A file as it is now; undefined: it is gone, no file, or the place it lies in cannot be looked into. */
  function fileAt(name: string): Stats | undefined {
    try {
      const found = lstatSync(join(root, name), { throwIfNoEntry: false })
      return found?.isFile() ? found : undefined
    } catch (error) {
      errors++
      tell(name, error)
      return undefined
    }
  }

  /** The system's word on changes, where it gives one: network drives never do, and it may come too often or not at all. */
  function listen(): void {
    if (watcher) return
    try {
      watcher = watch(root, { recursive: process.platform !== 'linux', persistent: false }, hint)
      watcher.on('error', deafen)
    } catch {
      // The next walk comes anyway.
    }
  }

  function deafen(): void {
    watcher?.close()
    watcher = undefined
  }

  /** Throws in words why it cannot be watched. */
  function beginWalk(): void {
    const isOurs = (path: string) => ours.some(folder => (path + sep).startsWith(realOf(folder) + sep))
    if (isOurs(realpathSync(root))) throw new InWords('It lies inside a folder of the station itself.')
    if (movedTo !== undefined && isOurs(realOf(movedTo))) {
      throw new InWords('What was taken would be moved into a folder of the station itself.')
    }
    listen()
    const closed = new Set([...ours, ...(movedTo === undefined ? [] : [movedTo])].map(identityOf))
    walking = walkFolder(root, path => closed.has(identityOf(path)))
    seen.beginRound()
    walkMs = errors = files = 0
    asideFailed = false
  }

  function endWalk(): void {
    walking = undefined
    trouble = ''
    if (!asideFailed) asideTrouble = ''
    restEnd = performance.now()
    nextWalk = restEnd + Math.max(REST_MS, REST_TIMES * walkMs)
    const now = statSync(root).dev
    const isMount = now !== statSync(join(realpathSync(root), '..')).dev
    if (files > 0) {
      device = now
      if (isMount && !wasMount) writeFileSync(mountFile, '', { mode: 0o600 })
      if (wasMount && !isMount) rmSync(mountFile, { force: true })
      wasMount = isMount
      // A folder that looks empty may be the place of a drive that is away: nothing is forgotten for that.
      if (errors === 0) seen.endRound()
    } else if (wasMount ? !isMount : device !== undefined && device !== now) {
      throw new InWords('Its drive is not connected: the folder is there, but it is another, empty one.')
    }
  }

  function meet({ relative, error }: Walked): void {
    if (error !== undefined) {
      errors++
      tell(relative, error)
      return
    }
    files++
    if (young.has(relative) || inHand.has(relative)) return
    const found = fileAt(relative)
    if (!found) return
    const { size, mtimeMs } = found
    const outcome = seen.find(fingerprintOf(join(root, relative), size, mtimeMs))
    if (outcome === undefined) {
      const now = performance.now()
      if (!seen.full) young.set(relative, { size, mtimeMs, since: now, due: now + STABLE_MS, isHalf: false })
    } else if (outcome === 'taken' && movedTo !== undefined) aside(relative, { size, mtimeMs })
  }

  /** One that cannot be moved now is met again by the next walk. */
  function aside(name: string, was: { size: number; mtimeMs: number }): void {
    if (movedTo === undefined) return
    try {
      putAside(root, movedTo, name, was)
    } catch (error) {
      asideFailed = true
      asideTrouble = 'What was taken cannot be moved: is the folder for it there, and may the station write to it?'
      tell(name, `It is in the vault and could not be moved (${errorCode(error) || 'the copy failed'}).`)
    }
  }

  function lookAtYoung(ready: ReadyFile[]): void {
    const now = performance.now()
    let halves = 0
    for (const [name, one] of young) {
      halves += Number(one.isHalf)
      if (now < one.due) continue
      if (ready.length === READY_AT_ONCE) return
      const found = fileAt(name)
      if (!found) {
        young.delete(name)
      } else if (found.size !== one.size || found.mtimeMs !== one.mtimeMs) {
        const { size, mtimeMs } = found
        young.set(name, { size, mtimeMs, since: now, due: now + STABLE_MS, isHalf: false })
      } else if (one.isHalf && halves <= MOST_HALVES && now - one.since < HALF_MS) {
        one.due = now + STABLE_MS
      } else {
        young.delete(name)
        const id = ++lastId
        given.set(id, { name, young: one, left: one.size })
        inHand.add(name)
        ready.push({ id, name })
      }
    }
  }

  function back(name: string, one: Young, afterMs: number): void {
    young.set(name, { ...one, due: performance.now() + afterMs })
  }

  /** The next bytes of a file that is open; `end`: there are no more, and it was not written meanwhile; null: it was. */
  function readOn(file: Given): { chunk: Uint8Array; end: boolean } | null {
    if (file.descriptor === undefined) return null
    // One more than is left, to meet the end. Copied on its way to the other thread, with the whole of its buffer.
    const chunk = new Uint8Array(Math.min(CHUNK_BYTES, Math.max(0, file.left) + 1))
    let read = 0
    for (let bytes = -1; bytes !== 0 && read < chunk.length; read += bytes) {
      bytes = readSync(file.descriptor, chunk, read, chunk.length - read, null)
    }
    file.left -= read
    if (read === chunk.length) return { chunk, end: false }
    return isUnchanged(join(root, file.name), file.young) ? { chunk: chunk.slice(0, read), end: true } : null
  }

  /** What became of a file. */
  function finish(id: number, verdict: Verdict): void {
    const file = given.get(id)
    if (!file) return
    given.delete(id)
    const { name, young: was, descriptor } = file
    inHand.delete(name)
    try {
      if (descriptor !== undefined) closeSync(descriptor)
    } catch {
      // Of a network drive that has gone meanwhile: what was read of it was read.
    }
    if (verdict === 'forget') return
    if (verdict === 'later') back(name, was, AGAIN_MS)
    if (verdict === 'half') back(name, { ...was, isHalf: true }, STABLE_MS)
    if (verdict === 'later' || verdict === 'half') return
    seen.add(fingerprintOf(join(root, name), was.size, was.mtimeMs), verdict)
    if (verdict === 'refused') return
    recent.delete(name)
    recent.add(name)
    for (const oldest of recent) {
      if (recent.size <= MOST_RECENT) break
      recent.delete(oldest)
    }
    aside(name, was)
  }

  return {
    /** What there is to do now. Throws what is no fault of the folder. */
    look(): Look {
      const ready: ReadyFile[] = []
      let walked = 0
      try {
        lookAtYoung(ready)
        const began = performance.now()
        if (!walking && began >= nextWalk) beginWalk()
        while (walking && young.size < MOST_YOUNG && performance.now() - began < LOOK_MS) {
          const { value, done } = walking.next()
          if (value) meet(value)
          walked++
          if (done) {
            walkMs += performance.now() - began
            endWalk()
          }
        }
        if (walking) walkMs += performance.now() - began
      } catch (error) {
        walking = undefined
        deafen()
        restEnd = performance.now()
        nextWalk = restEnd + REST_MS
        trouble = error instanceof InWords ? error.message : reasonOf(error)
      }
      const full = seen.full
        ? 'It holds more files than can be remembered: nothing new is taken. Move the old ones away.'
        : ''
      const told = reasons
      reasons = []
      const rest = ready.length === 0 && walked === 0
      return {
        ready,
        young: young.size,
        known: seen.count,
        rest,
        trouble: trouble || full || asideTrouble,
        reasons: told,
      }
    },

    /** The beginning of a file; null: it is gone, locked or was written meanwhile, and comes again. */
    open(id: number): Opened | null {
      const file = given.get(id)
      if (!file) return null
      const { name, young: was } = file
      try {
        file.descriptor = openSync(join(root, name), READ)
        const { size, mtimeMs } = fstatSync(file.descriptor)
        const first = size === was.size && mtimeMs === was.mtimeMs ? readOn(file) : null
        if (first) return { ...first, again: recent.has(name), isAll: was.isHalf }
        finish(id, 'later')
      } catch (error) {
        // The next walk meets it again; what cannot be opened must not be in the way of others.
        finish(id, 'forget')
        if (errorCode(error) !== 'ENOENT') tell(name, error)
      }
      return null
    },

    /** What comes next; null: it was written meanwhile. Throws the system's error. */
    read(id: number): { chunk: Uint8Array; end: boolean } | null {
      const file = given.get(id)
      return file ? readOn(file) : null
    },

    finish,

    /** Resolves when there may be something to do. */
    async rest(): Promise<void> {
      let due = young.size < MOST_YOUNG || !walking ? nextWalk : Number.POSITIVE_INFINITY
      for (const one of young.values()) due = Math.min(due, one.due)
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, Math.max(10, due - performance.now()))
        wake = () => {
          // The walk itself may come only later: then the next rest ends with it.
          clearTimeout(timer)
          resolve()
        }
      })
      wake = () => {}
    },
  }
}

export type FolderEyes = ReturnType<typeof createFolderEyes>

class InWords extends Error {}

/** A folder that is not there holds nothing. */
function realOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
