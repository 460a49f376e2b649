import path from 'node:path'
import { parseArgs } from 'node:util'
import { openStation, sleep } from './station.mjs'

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
  const { origin, searchParams } = new URL(station.ready.url)
  const call = async (name, input) => {
    const response = await fetch(`${origin}/api/${name}`, {
      method: 'POST',
      headers: { 'authorization': `Api-Key ${searchParams.get('key')}`, 'content-type': 'application/json' },
      body: JSON.stringify(input),
    })
    const body = await response.json()
    if (!response.ok) throw new Error(body.sentence ?? `${name}: HTTP ${response.status}`)
    return body
  }
  try {
    let job = await call('import.start', { paths: positionals.map(name => path.resolve(name)) })
    process.on('SIGINT', () => void call('job.cancel', { id: job.id }).catch(() => {}))
    while (job.state === 'running') {
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${counts(job)}, ${job.rate.toFixed(0)}/s`)
      await sleep(250)
      job = (await call('jobs.list', {})).jobs.find(({ id }) => id === job.id) ?? job
    }
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
    for (const { file, reason } of job.refused) console.error(`${file}: ${reason}`)
    console.log(`${job.state}: ${counts(job)}`)
    if (job.error) console.error(job.error)
    return job.state === 'done' && job.failed === 0 ? 0 : 1
  } finally {
    await station.end()
  }
}

function counts({ done, total, stored, duplicates, notDicom, failed }) {
  return `${done}/${total} files, ${stored} stored, ${duplicates} here before, ${notDicom} not DICOM, ${failed} failed`
}
