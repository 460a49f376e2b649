import { closeSync, ftruncateSync, linkSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { below, oneOf, type Random } from './random.ts'
import type { DataChange, Inode, NameChange, Recording } from './recording.ts'

/** What a disk tears a write at. */
const SECTOR = 512

/**
 * What becomes of changes no sync has covered, in one file or folder:
 * none of them reached the disk, all did, some did in whatever order, sectors of some did, the sizes did without what was in them,
 * or those before some moment did and none after it.
 */
type Fate = { kind: 'none' | 'all' | 'some' | 'torn' | 'sizes' | 'before'; chance: number; moment: number }

/** A piece of a file: bytes (zeros without data), or the size from here on, or at least from here on. */
type Piece = { offset: number; length: number; data?: Buffer } | { size: number } | { leastSize: number }

/** One folder tree a power cut may have left. */
export interface CrashState {
  cut: number
  /** For a person who wants to know what was done. */
  how: string
  folders: string[]
  /** Several paths are names of the same file. */
  files: Array<{ paths: string[]; pieces: Piece[] }>
}

/** The state if everything had reached the disk: what a replay of the whole trace must equal. */
export function lastState(recording: Recording): CrashState {
  return stateAt(
    recording,
    recording.length,
    () => ({ kind: 'all', chance: 1, moment: 0 }),
    () => 0,
  )
}

/** A state of those that are possible: where it is cut, half of the time right after something was promised, and what was lost. */
export function chooseState(recording: Recording, random: Random): CrashState {
  const promise = recording.marks[below(random, recording.marks.length)]
  const cut = promise && random() < 0.5 ? promise.at + 1 : 1 + below(random, recording.length)
  const fate = (): Fate => ({
    kind: oneOf(random, ['none', 'none', 'all', 'some', 'some', 'torn', 'sizes', 'before']),
    chance: oneOf(random, [0.2, 0.5, 0.8]),
    moment: Math.max(0, cut - below(random, 60)),
  })
  // Half of the states: the same for all, as a disk that was pulled. The others: each file and folder its own.
  const common = random() < 0.5 ? fate() : undefined
  const state = stateAt(recording, cut, () => common ?? fate(), random)
  return { ...state, how: common ? `all: ${common.kind} ${common.chance}` : 'each its own' }
}

function stateAt(recording: Recording, cut: number, fateOf: () => Fate, random: Random): CrashState {
  const entries = new Map<Inode, Map<string, Inode>>()
  const chosen = new Set<NameChange>()
  const reached: Inode[] = [recording.root]
  // Every folder that ever was: what a rename took away in one is decided by what another has.
  const seen = new Set(reached)
  for (const folder of reached) {
    const fate = fateOf()
    for (const change of folder.names) {
      if (change.at >= cut) continue
      if (change.durable < cut || persists(change, fate, random)) {
        chosen.add(change)
        if (change.renamedTo) chosen.add(change.renamedTo)
      }
      if (change.inode?.folder && !seen.has(change.inode)) {
        seen.add(change.inode)
        reached.push(change.inode)
      }
    }
  }
  for (const folder of reached) {
    const names = new Map<string, Inode>()
    for (const change of folder.names) {
      if (!chosen.has(change)) continue
      if (change.inode) names.set(change.name, change.inode)
      else names.delete(change.name)
    }
    entries.set(folder, names)
  }

  const folders: string[] = []
  const files = new Map<Inode, { paths: string[]; pieces: Piece[] }>()
  const walk = (folder: Inode, path: string): void => {
    for (const [name, inode] of entries.get(folder) ?? []) {
      const at = path ? `${path}/${name}` : name
      if (inode.folder) {
        folders.push(at)
        walk(inode, at)
        continue
      }
      const known = files.get(inode)
      if (known) known.paths.push(at)
      else files.set(inode, { paths: [at], pieces: [...piecesAt(inode, cut, fateOf(), random)] })
    }
  }
  walk(recording.root, '')
  return { cut, how: '', folders, files: [...files.values()] }
}

/** Whether a change that no sync covers is on the disk all the same. */
function persists(change: DataChange | NameChange, fate: Fate, random: Random): boolean {
  switch (fate.kind) {
    case 'none':
      return false
    case 'all':
      return true
    case 'before':
      return change.at < fate.moment
    default:
      return random() < fate.chance
  }
}

function* piecesAt(inode: Inode, cut: number, fate: Fate, random: Random): Generator<Piece> {
  for (const change of inode.data) {
    if (change.at >= cut) return
    const durable = change.durable < cut
    if (!durable && !persists(change, fate, random)) continue
    if (change.kind !== 'write')
      yield change.kind === 'truncate' ? { size: change.length } : { leastSize: change.length }
    else if (durable || (fate.kind !== 'torn' && fate.kind !== 'sizes')) yield change
    else if (fate.kind === 'sizes') yield { leastSize: change.offset + change.length }
    else yield* sectors(change, fate.chance, random)
  }
}

/** Each sector of a write by itself: there or not. */
function* sectors({ offset, length, data }: DataChange, chance: number, random: Random): Generator<Piece> {
  const end = offset + length
  for (let at = offset; at < end; ) {
    const next = Math.min(end, (Math.floor(at / SECTOR) + 1) * SECTOR)
    if (random() < chance) yield { offset: at, length: next - at, data: data?.subarray(at - offset, next - offset) }
    at = next
  }
}

/** Makes the state in an empty folder. */
export function writeState(state: CrashState, into: string): void {
  for (const folder of state.folders) mkdirSync(join(into, folder))
  for (const { paths, pieces } of state.files) {
    const [first = '', ...others] = paths
    const fd = openSync(join(into, first), 'w')
    let size = 0
    for (const piece of pieces) {
      if (!('offset' in piece)) {
        size = 'size' in piece ? piece.size : Math.max(size, piece.leastSize)
        ftruncateSync(fd, size)
        continue
      }
      const end = piece.offset + piece.length
      if (piece.data) writeSync(fd, piece.data, 0, piece.length, piece.offset)
      else if (piece.offset < size) {
        const over = Math.min(end, size) - piece.offset
        writeSync(fd, Buffer.alloc(over), 0, over, piece.offset)
      }
      if (!piece.data && end > size) ftruncateSync(fd, end)
      size = Math.max(size, end)
    }
    closeSync(fd)
    for (const other of others) linkSync(join(into, first), join(into, other))
  }
}
