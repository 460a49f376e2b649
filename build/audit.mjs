import { existsSync } from 'node:fs'
import path from 'node:path'
import { verifyFolder } from '../electron/station/audit/files.ts'

const USAGE = 'npm run audit -- verify DIR (a data folder, or its folder audit)'

/** Reads the whole audit trail of a folder, of a station that runs or not. Ends with 0 where it fits, else 1: the line is printed. */
export async function audit(args) {
  const [verb, folder, ...rest] = args
  if (verb !== 'verify' || !folder || rest.length > 0 || !existsSync(folder)) {
    console.error(folder && !existsSync(folder) ? `There is no ${folder}.` : USAGE)
    return 2
  }
  const below = path.join(folder, 'audit')
  const { records, files, broken } = await verifyFolder(existsSync(below) ? below : folder)
  console.log(`${records} records in ${files} files`)
  if (!broken) return 0
  console.log(`${broken.file}, line ${broken.line}: ${broken.sentence}`)
  return 1
}
