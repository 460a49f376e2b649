import { readFileSync } from 'node:fs'
import { link, open, readFile, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { IsocenterError } from '../../../shared/errors.ts'
import { createDisk, errorCode, replaceFile } from './durable.ts'

/** The lock on a data folder, `station.lock`: who holds it, and the HTTP port by which a second start can attach (0 = not listening yet). */
interface LockFile {
  pid: number
  /** Tells a process from a later one with the same number; '' where the system does not say. */
  started: string
  httpPort: number
}

export interface DataFolderLock {
  /** Publishes the port the holder listens on. */
  setHttpPort(port: number): Promise<void>
  release(): Promise<void>
}

/** Takes the data folder for this process, also from a holder that has died. Rejects with 'data-dir-in-use'. The folder must exist. */
export async function lockDataFolder(dataDir: string): Promise<DataFolderLock> {
  const path = join(dataDir, 'station.lock')
  const mine: LockFile = { pid: process.pid, started: startOf(process.pid), httpPort: 0 }
  if (!(await create(path, mine))) {
    const text = await readFile(path, 'utf8').catch(() => '')
    const holder = parse(text)
    if (holder && isAlive(holder)) throw inUse(holder)
    await setAside(path, text)
    if (!(await create(path, mine))) throw inUse(parse(await readFile(path, 'utf8').catch(() => '')))
  }
  return {
    async setHttpPort(port) {
      await replaceFile(createDisk(), path, JSON.stringify({ ...mine, httpPort: port }))
    },
    async release() {
      await unlink(path)
    },
  }
}

async function create(path: string, content: LockFile): Promise<boolean> {
  // A name that appears with its content in it: a second start never reads a half-written lock.
  const draft = `${path}.${process.pid}.draft`
  const handle = await open(draft, 'w', 0o600)
  await handle.writeFile(JSON.stringify(content))
  await handle.close()
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  } finally {
    await unlink(draft)
  }
}

/** Two starts may find the same dead holder: whoever moves away a lock that is not the dead one puts it back and gives up. */
async function setAside(path: string, deadText: string): Promise<void> {
  const aside = `${path}.${process.pid}.stale`
  try {
    await rename(path, aside)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return
    throw error
  }
  const moved = await readFile(aside, 'utf8')
  if (moved !== deadText) {
    await link(aside, path).catch(() => {})
    await unlink(aside)
    throw inUse(parse(moved))
  }
  await unlink(aside)
}

function parse(text: string): LockFile | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('pid' in value) || typeof value.pid !== 'number')
      return undefined
    const started = 'started' in value && typeof value.started === 'string' ? value.started : ''
    return { pid: value.pid, started, httpPort: 0 }
  } catch {
    return undefined
  }
}

function isAlive(holder: LockFile): boolean {
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
  return holder.started === startOf(holder.pid)
}

/** Linux: boot plus start time in ticks since it (field 22 of /proc/<pid>/stat, proc(5)); elsewhere the number alone must do. */
function startOf(pid: number): string {
  if (process.platform !== 'linux') return ''
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return `${boot}/${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''}`
  } catch {
    return ''
  }
}

function inUse(holder: LockFile | undefined): IsocenterError {
  return new IsocenterError('data-dir-in-use', holder ? `process ${holder.pid}` : undefined)
}
