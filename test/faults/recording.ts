import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TraceRecord } from './recorder.ts'

/** A change of a file's content. From the record `durable` on (the end of a sync that began after it) no power cut takes it back. */
export interface DataChange {
  at: number
  durable: number
  /** `extend` never shortens. */
  kind: 'write' | 'truncate' | 'extend'
  offset: number
  /** Of a write its bytes, else the size of the file afterwards. */
  length: number
  /** A write without is of zeros. */
  data?: Buffer
}

/** A name that is there from now on (`inode`) or no longer (undefined). */
export interface NameChange {
  at: number
  durable: number
  name: string
  inode: Inode | undefined
  /** Of the name a rename takes away: the name it gave. One of them is always there. */
  renamedTo?: NameChange
}

export interface Inode {
  folder: boolean
  data: DataChange[]
  names: NameChange[]
}

export interface Mark {
  at: number
  text: string
}

/** What happened to a folder: of every file and folder in it each change, and from when on it was on the disk. */
export interface Recording {
  root: Inode
  /** Records; a cut at n means: the first n happened. */
  length: number
  marks: Mark[]
  /** Syncs of files and of folders that came to their end. */
  syncs: number
}

const PUNCH_HOLE = 2
const ZERO_RANGE = 16
const BLOCK = 4096

/**
 * Follows a trace from what the folder `base` held (nothing without it).
 * @param counts which syncs count, by the path they were opened by; the control leaves them out.
 */
export function createRecording(
  records: TraceRecord[],
  base?: string,
  counts: (path: string, folder: boolean) => boolean = () => true,
): Recording {
  const root: Inode = { folder: true, data: [], names: [] }
  const live = new Map<Inode, Map<string, Inode>>([[root, new Map()]])
  const sizes = new Map<Inode, number>()
  const open = new Map<number, { inode: Inode; path: string; synced: boolean }>()
  const running = new Map<number, { inode: Inode; path: string; began: number }>()
  const marks: Mark[] = []
  let syncs = 0
  let now = -1

  const resolve = (path: string): Inode | undefined =>
    path.split('/').reduce<Inode | undefined>((inode, name) => {
      if (name === '') return inode
      return inode && live.get(inode)?.get(name)
    }, root)

  function setName(path: string, inode: Inode | undefined, durable = Number.POSITIVE_INFINITY): NameChange {
    const cut = path.lastIndexOf('/')
    const name = path.slice(cut + 1)
    const folder = resolve(path.slice(0, Math.max(0, cut)))
    const names = folder && live.get(folder)
    if (!folder || !names) throw new Error(`record ${now}: ${path} lies in no folder`)
    if (inode) names.set(name, inode)
    else names.delete(name)
    const change = { at: now, durable, name, inode }
    folder.names.push(change)
    return change
  }

  function create(path: string, folder: boolean, durable?: number): Inode {
    const inode: Inode = { folder, data: [], names: [] }
    if (folder) live.set(inode, new Map())
    setName(path, inode, durable)
    return inode
  }

  function change(inode: Inode, what: Omit<DataChange, 'at' | 'durable'>, durable = Number.POSITIVE_INFINITY): void {
    const end = what.kind === 'write' ? what.offset + what.length : what.length
    sizes.set(inode, what.kind === 'truncate' ? end : Math.max(end, sizes.get(inode) ?? 0))
    inode.data.push({ at: now, durable, ...what })
  }

  function existing(path: string): Inode {
    const inode = resolve(path)
    if (!inode) throw new Error(`record ${now}: there is no ${path}`)
    return inode
  }

  function descriptor(fd: number): { inode: Inode; path: string; synced: boolean } {
    const file = open.get(fd)
    if (!file) throw new Error(`record ${now}: nothing is open as ${fd}`)
    return file
  }

  function follow(record: TraceRecord): void {
    const { kind, fd, offset, length, path, other, data, flags } = record
    switch (kind) {
      case 'open': {
        const inode = resolve(path) ?? (flags.create ? create(path, false) : existing(path))
        if (flags.truncate && (sizes.get(inode) ?? 0) > 0) change(inode, { kind: 'truncate', offset: 0, length: 0 })
        open.set(fd, { inode, path, synced: flags.synced })
        return
      }
      case 'write': {
        const { inode, synced } = descriptor(fd)
        change(inode, { kind, offset, length, data }, synced ? now : undefined)
        return
      }
      case 'truncate':
        change(fd < 0 ? existing(path) : descriptor(fd).inode, { kind, offset: 0, length })
        return
      case 'allocate': {
        const { inode } = descriptor(fd)
        if (flags.raw & (PUNCH_HOLE | ZERO_RANGE)) change(inode, { kind: 'write', offset, length })
        else if (!flags.raw) change(inode, { kind: 'extend', offset: 0, length: offset + length })
        return
      }
      case 'syncBegin':
        running.set(offset, { ...descriptor(fd), began: now })
        return
      case 'syncEnd': {
        const sync = running.get(offset)
        if (!sync || !counts(sync.path, sync.inode.folder)) return
        syncs++
        for (const one of [...sync.inode.data, ...sync.inode.names]) {
          if (one.at < sync.began) one.durable = Math.min(one.durable, now)
        }
        return
      }
      case 'rename': {
        const inode = existing(path)
        const to = setName(other, inode)
        setName(path, undefined).renamedTo = to
        return
      }
      case 'link':
        setName(other, existing(path))
        return
      case 'unlink':
        setName(path, undefined)
        return
      case 'mkdir':
        create(path, true)
        return
      case 'mark':
        marks.push({ at: now, text: data?.toString() ?? '' })
        return
    }
  }

  function readBase(folder: string, path: string): void {
    for (const entry of readdirSync(join(folder, path), { withFileTypes: true })) {
      const name = path ? `${path}/${entry.name}` : entry.name
      if (name.endsWith('-shm')) continue
      const inode = create(name, entry.isDirectory(), -1)
      if (entry.isDirectory()) readBase(folder, name)
      else for (const piece of piecesOf(readFileSync(join(folder, name)))) change(inode, piece, -1)
    }
  }

  if (base) readBase(base, '')
  for (const [index, record] of records.entries()) {
    now = index
    follow(record)
  }
  return { root, length: records.length, marks, syncs }
}

/** The blocks of a file that hold something, and its size: a segment is mostly zeros. */
function* piecesOf(bytes: Buffer): Generator<Omit<DataChange, 'at' | 'durable'>> {
  const zeros = Buffer.alloc(BLOCK)
  for (let at = 0; at < bytes.length; at += BLOCK) {
    const data = bytes.subarray(at, at + BLOCK)
    if (data.equals(zeros.subarray(0, data.length))) continue
    yield { kind: 'write', offset: at, length: data.length, data }
  }
  yield { kind: 'extend', offset: 0, length: bytes.length }
}
