import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { followJob } from './job.mjs'
import { openStation } from './station.mjs'

const USAGE = `npm run repair -- --data-dir DIR [--verify] [--rebuild]
  --verify   read every byte and compare it with its checksum
  --rebuild  set the index aside and make a new one from the files; only while no station runs`

/**
 * The station that runs on the folder does the work, else one started for it: either way it serves and receives meanwhile. Ends
 * with 0 when index and files agree, 1 when something was damaged, missing or set aside (it is printed).
 */
export async function repair(root, args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { 'data-dir': { type: 'string' }, 'verify': { type: 'boolean' }, 'rebuild': { type: 'boolean' } },
  })
  const dataDir = values['data-dir']
  if (!dataDir || positionals.length > 0 || !existsSync(dataDir)) {
    console.error(dataDir && !existsSync(dataDir) ? `There is no ${dataDir}.` : USAGE)
    return 2
  }
  const asked = path.join(dataDir, 'index.rebuild')
  if (values.rebuild) await writeFile(asked, 'asked')
  const station = await openStation(root, ['--data-dir', dataDir, '--dimse-port', '0', '--http-port', '0'])
  try {
    if (values.rebuild && station.ready.attached) {
      console.error('A station runs on this folder: it makes the index anew when it is started the next time.')
      return 1
    }
    const job = await followJob(station.ready.url, 'repair.start', { verify: values.verify === true }, job => {
      return `${job.done}/${job.total} files, ${job.stored} adopted, ${job.failed} damaged, missing or set aside`
    })
    return job.state === 'done' && job.failed === 0 ? 0 : 1
  } finally {
    await station.end()
  }
}
