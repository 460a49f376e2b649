import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** 256 files to a folder and 256 folders to a folder, in the order of arrival: one folder's sync serves a whole group. */
export function fileOfContent(contentId: number): string {
  const name = contentId.toString(16).padStart(8, '0')
  return `files/${name.slice(0, -4)}/${name.slice(-4, -2)}/${name}.dcm`
}

/** The greatest content number that names a file below `<root>/files`; 0 when there is none. */
export function newestFileSync(root: string): number {
  const files = join(root, 'files')
  for (const high of foldersDown(files)) {
    for (const low of foldersDown(join(files, high))) {
      const ids = readdirSync(join(files, high, low)).flatMap(name =>
        /^[0-9a-f]{8,}\.dcm$/.test(name) ? Number.parseInt(name, 16) : [],
      )
      if (ids.length > 0) return Math.max(...ids)
    }
  }
  return 0
}

/** Hexadecimal names, the greatest first. */
function foldersDown(folder: string): string[] {
  const names = existsSync(folder) ? readdirSync(folder).filter(name => /^[0-9a-f]+$/.test(name)) : []
  return names.sort((a, b) => Number.parseInt(b, 16) - Number.parseInt(a, 16))
}
