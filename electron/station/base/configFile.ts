import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { createDisk, errorCode, replaceFile } from './durable.ts'

export interface ConfigFile {
  /** Sets these and leaves the rest of the file as it is, what other versions wrote included. On the disk when it resolves. */
  change(changes: Record<string, unknown>): Promise<void>
}

/** The data folder's `config.json`: what a person edits, and what the station writes when settings are changed while it runs. */
export function openConfigFile(dataDir: string): ConfigFile {
  const file = path.join(dataDir, 'config.json')
  const disk = createDisk()
  let last = Promise.resolve()
  const change = async (changes: Record<string, unknown>) => {
    const text = await readFile(file, 'utf8').catch(error =>
      errorCode(error) === 'ENOENT' ? '{}' : Promise.reject(error),
    )
    const now: Record<string, unknown> = { ...JSON.parse(text), ...changes }
    await replaceFile(disk, file, `${JSON.stringify(now, undefined, 2)}\n`)
  }
  return {
    change(changes) {
      // One after the other: each begins with what the one before wrote.
      const done = last.then(() => change(changes))
      last = done.catch(() => {})
      return done
    },
  }
}
