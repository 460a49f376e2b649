import { mkdir, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from '../base/durable.ts'

/** 256 files to a folder and 256 folders to a folder, in the order of arrival: one folder's sync serves a whole group. */
export function fileOfContent(contentId: number): string {
  const name = contentId.toString(16).padStart(8, '0')
  return `files/${name.slice(0, -4)}/${name.slice(-4, -2)}/${name}.dcm`
}

/**
 * Files without a row are what a crash cut off before its answer. They are moved to `<dataDir>/orphans/`, never deleted, and
 * their names are free again. Looks at every folder of `files`: only called after an unclean end.
 * @param known of the given content numbers, those with a row.
 */
export async function setOrphansAside(
  dataDir: string,
  known: (contentIds: number[]) => Promise<number[]>,
): Promise<number> {
  let moved = 0
  const aside = join(dataDir, 'orphans')
  for (const upper of await names(join(dataDir, 'files'))) {
    for (const lower of await names(join(dataDir, 'files', upper))) {
      const folder = join(dataDir, 'files', upper, lower)
      const files = await names(folder)
      const ids = files.map(file => (/^[0-9a-f]{8,}\.dcm$/.test(file) ? Number.parseInt(file, 16) : -1))
      const rows = new Set(await known(ids))
      for (const [index, file] of files.entries()) {
        const id = ids[index] ?? -1
        if (rows.has(id) && join(dataDir, fileOfContent(id)) === join(folder, file)) continue
        await mkdir(aside, { recursive: true })
        await rename(join(folder, file), join(aside, `${Date.now()}-${moved}-${file}`))
        moved++
      }
    }
  }
  return moved
}

async function names(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return []
    throw error
  }
}
