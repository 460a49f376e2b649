import { existsSync } from 'node:fs'
import { mkdir, rmdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

export interface MemoryLimit {
  /** Holds this process and those it starts to the limit, all of them together; what it had before is not counted. */
  apply(pid: number): Promise<void>
  /** Once all of them have ended. */
  remove(): Promise<void>
}

const V2 = '/sys/fs/cgroup'
const V1 = '/sys/fs/cgroup/memory'

/**
 * A control group of its own with so many bytes of memory, pages of files it reads and writes among them. Undefined where that
 * may not be made (not Linux, not root): then what is resident must be looked at instead.
 */
export async function memoryLimit(bytes: number): Promise<MemoryLimit | undefined> {
  const [root, file] = existsSync(V1) ? [V1, 'memory.limit_in_bytes'] : [V2, 'memory.max']
  const group = path.join(root, `isocenter-bench-${process.pid}`)
  const remove = async () => {
    // The kernel is still clearing up after a process that has just ended.
    for (let patience = 20; patience > 0 && existsSync(group); patience--) {
      const gone = await rmdir(group).then(
        () => true,
        () => false,
      )
      if (gone) return
      await wait(100)
    }
  }
  try {
    await mkdir(group)
    await writeFile(path.join(group, file), String(bytes))
  } catch {
    await remove()
    return undefined
  }
  return { apply: pid => writeFile(path.join(group, 'cgroup.procs'), String(pid)), remove }
}
