import path from 'node:path'
import { parseArgs } from 'node:util'
import { followJob } from './job.mjs'
import { openStation } from './station.mjs'

/** `npm run import -- [--data-dir DIR] PATH…`: into the station that runs on the folder, else into one started for it. */
export async function importPaths(root, args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { 'data-dir': { type: 'string' }, 'aet': { type: 'string' } },
  })
  if (positionals.length === 0) {
    console.error('What shall be imported? npm run import -- [--data-dir DIR] PATH…')
    return 2
  }
  const given = Object.entries(values).flatMap(([name, value]) => [`--${name}`, value])
  const station = await openStation(root, [...given, '--dimse-port', '0', '--http-port', '0'])
  try {
    const paths = positionals.map(name => path.resolve(name))
    const job = await followJob(station.ready.url, 'import.start', { paths }, counts)
    return job.state === 'done' && job.failed === 0 ? 0 : 1
  } finally {
    await station.end()
  }
}

function counts({ done, total, stored, duplicates, notDicom, failed }) {
  return `${done}/${total} files, ${stored} stored, ${duplicates} here before, ${notDicom} not DICOM, ${failed} failed`
}
