/**
 * `npm run bench -- push [--smoke] [--reps N] [--count N]`: CT sent to one Orthanc by our carriers and by the usual tools, the same
 * files, repetitions interleaved so that only the ratios of one repetition count: STOW-RS in posts of ten, four at once, beside curl;
 * C-STORE over one association beside storescu. Neither end waits for Nagle. What was sent is deleted there before the next.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs, promisify } from 'node:util'
import { FileHandles, type OutboxItem } from '../../electron/station/store/index.ts'
import type { Carrier } from '../../electron/station/sync/carrier.ts'
import { createCarrier } from '../../electron/station/sync/createCarrier.ts'
import { Digests } from '../../electron/station/sync/digests.ts'
import { writeFileMeta } from '../../shared/dicom/part10.ts'
import { openCarrying } from '../fixtures/carrying.ts'
import { outboxItem } from '../fixtures/outboxItem.ts'
import { machine, percentile } from './figures.ts'
import { instanceOf, template } from './instances.ts'
import { NO_DELAY, startOrthanc } from './receivers.ts'

const { values: options } = parseArgs({
  options: { smoke: { type: 'boolean', default: false }, reps: { type: 'string' }, count: { type: 'string' } },
})
const COUNT = Number(options.count ?? (options.smoke ? 20 : 400))
const REPETITIONS = Number(options.reps ?? (options.smoke ? 1 : 5))
const WARM_UP = options.smoke ? 0 : 2
const POST = 10
const AT_ONCE = 4
const PLUGIN = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so'
const run = promisify(execFile)
const never = new AbortController().signal

if (!existsSync(PLUGIN)) throw new Error(`${PLUGIN} is missing: apt-get install orthanc-dicomweb`)
const folder = await mkdtemp(path.join(tmpdir(), 'isocenter-push-'))
const orthanc = await startOrthanc({ Plugins: [PLUGIN], DicomWeb: { Enable: true }, HttpThreadsCount: 50 })
const files = new FileHandles(() => Promise.reject(new Error('nothing moves here')))
const digests = new Digests()
const { carrying: dimse, close } = openCarrying([{ AET: 'ORTHANC', port: orthanc.port }])
try {
  console.log(`push: ${COUNT} CT, ${REPETITIONS} repetitions, ${machine()}`)
  const items = await writeFiles()
  const origin = `http://127.0.0.1:${orthanc.httpPort}`
  const stow = createCarrier({ route: { kind: 'dicomweb', url: `${origin}/dicom-web` } }, { files, digests, dimse })
  const store = createCarrier({ route: { kind: 'dimse', node: 'orthanc' } }, { files, digests, dimse })
  const curl = await writeCurl(`${origin}/dicom-web/studies`)
  const storescu = ['-aec', 'ORTHANC', '--max-pdu', '131072', '+sd', '127.0.0.1', String(orthanc.port)]
  await compare('STOW-RS', 'curl', {
    ours: () => push(stow, items, POST, AT_ONCE),
    theirs: () =>
      run('curl', ['-sS', '-f', '-Z', '--parallel-max', String(AT_ONCE), '-K', curl], { maxBuffer: 2 ** 26 }),
  })
  await compare('C-STORE', 'storescu', {
    ours: () => push(store, items, items.length, 1),
    theirs: () => run('storescu', [...storescu, path.join(folder, 'dicom')], { env: { ...process.env, ...NO_DELAY } }),
  })
  await Promise.all([stow.close(), store.close()])
} finally {
  await close()
  files.close()
  await digests.close()
  await orthanc.close()
  await rm(folder, { recursive: true, force: true })
}

/** Each object as a file of its own. */
async function writeFiles(): Promise<OutboxItem[]> {
  const ct = template('ct', 0)
  await mkdir(path.join(folder, 'dicom'))
  const items: OutboxItem[] = []
  for (let i = 0; i < COUNT; i++) {
    const { SOPClassUID, SOPInstanceUID, TransferSyntaxUID, dataSet } = instanceOf(ct, i)
    const meta = { MediaStorageSOPClassUID: SOPClassUID, MediaStorageSOPInstanceUID: SOPInstanceUID, TransferSyntaxUID }
    const file = Buffer.concat([writeFileMeta(meta), dataSet])
    const name = path.join(folder, 'dicom', `${i}.dcm`)
    await writeFile(name, file)
    items.push(outboxItem(name, file))
  }
  return items
}

/** The same posts as files, and what tells curl to send them over kept connections. */
async function writeCurl(url: string): Promise<string> {
  const ct = template('ct', 0)
  const requests: string[] = []
  for (let first = 0; first < COUNT; first += POST) {
    const parts: Uint8Array[] = []
    for (let i = first; i < Math.min(COUNT, first + POST); i++) {
      const { SOPClassUID, SOPInstanceUID, TransferSyntaxUID, dataSet } = instanceOf(ct, i)
      const meta = {
        MediaStorageSOPClassUID: SOPClassUID,
        MediaStorageSOPInstanceUID: SOPInstanceUID,
        TransferSyntaxUID,
      }
      parts.push(Buffer.from('\r\n--B\r\nContent-Type: application/dicom\r\n\r\n'), writeFileMeta(meta), dataSet)
    }
    const body = path.join(folder, `post-${first}`)
    await writeFile(body, Buffer.concat([...parts, Buffer.from('\r\n--B--\r\n')]).subarray(2))
    requests.push(
      [
        `url = "${url}"`,
        `data-binary = "@${body}"`,
        'header = "Content-Type: multipart/related; type=\\"application/dicom\\"; boundary=B"',
        'header = "Accept: application/dicom+json"',
        'header = "Expect:"',
        'output = "/dev/null"',
      ].join('\n'),
    )
  }
  const config = path.join(folder, 'curl.conf')
  await writeFile(config, requests.join('\nnext\n'))
  return config
}

async function push(carrier: Carrier, items: OutboxItem[], batch: number, atOnce: number): Promise<void> {
  let next = 0
  const work = async () => {
    for (let at = next; at < items.length; at = next) {
      next += batch
      const outcomes = await carrier.send(items.slice(at, at + batch), async () => {}, never)
      const failed = outcomes.find(({ kind }) => kind !== 'listed')
      if (failed) throw new Error(`${failed.kind}: ${failed.reason}`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
}

async function compare(
  way: string,
  tool: string,
  { ours, theirs }: { ours(): Promise<unknown>; theirs(): Promise<unknown> },
): Promise<void> {
  const rates: [number[], number[]] = [[], []]
  const cpu: number[] = []
  let longest = 0
  for (let repetition = -WARM_UP; repetition < REPETITIONS; repetition++) {
    for (const turn of [0, 1]) {
      const which = (turn + repetition + WARM_UP) % 2 === 0 ? 0 : 1
      await empty()
      const delay = monitorEventLoopDelay({ resolution: 1 })
      delay.enable()
      const before = process.cpuUsage()
      const began = performance.now()
      await (which === 0 ? ours() : theirs())
      const seconds = (performance.now() - began) / 1000
      const { user, system } = process.cpuUsage(before)
      delay.disable()
      const stored = await orthanc.stored()
      if (stored !== COUNT) throw new Error(`${which === 0 ? 'Isocenter' : tool}: ${stored} of ${COUNT} are there`)
      if (repetition < 0) continue
      rates[which].push(COUNT / seconds)
      if (which === 1) continue
      cpu.push((user + system) / 1000 / COUNT)
      longest = Math.max(longest, delay.max / 1e6)
    }
  }
  const median = (all: number[]) => percentile(all, 50)
  console.log(
    `  ${way}: Isocenter ${median(rates[0]).toFixed(0)} images/s, CPU ${median(cpu).toFixed(2)} ms each; ${tool} ${median(rates[1]).toFixed(0)} images/s`,
  )
  const ratios = rates[0].map((rate, i) => rate / (rates[1][i] ?? Number.NaN))
  const [low, middle, high] = [0, 50, 100].map(p => percentile(ratios, p).toFixed(2))
  console.log(`  ${way}: Isocenter / ${tool} ${middle} (${low} to ${high}; aim 0.9)`)
  console.log(`  ${way}: longest pause of the loop ${longest.toFixed(1)} ms (aim 8, its own millisecond included)`)
}

async function empty(): Promise<void> {
  const origin = `http://127.0.0.1:${orthanc.httpPort}`
  const patients = (await (await fetch(`${origin}/patients`)).json()) as string[]
  for (const id of patients) await fetch(`${origin}/patients/${id}`, { method: 'DELETE' })
}
