import { sleep } from './station.mjs'

/** Starts a job over the station's counter and tells of it until it ends; `counts` puts it in words. */
export async function followJob(url, name, input, counts) {
  const { origin, searchParams } = new URL(url)
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
  let job = await call(name, input)
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
  return job
}
