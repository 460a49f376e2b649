/**
 * `npm run bench -- retrieve [--smoke] [--reps N] [--count N]`: one study of CT fetched from Isocenter and from Orthanc, the same
 * files: C-GET by getscu, C-MOVE to storescp, and WADO-RS; stored bytes untouched, repetitions interleaved, so that only the ratios
 * of one repetition count. The peers receive and keep nothing, so that what is measured is who sends.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { parseArgs, promisify } from 'node:util'
import { freePort } from '../fixtures/freePort.ts'
import { type RunningStation, startStation } from '../fixtures/station.ts'
import { blast } from './blaster.ts'
import { machine, percentile } from './figures.ts'
import { template } from './instances.ts'
import { usageOf } from './procfs.ts'
import { untilQuiet } from './quiet.ts'
import { NO_DELAY, receiverOf, startOrthanc, untilListening } from './receivers.ts'

const { values: options } = parseArgs({
  options: { smoke: { type: 'boolean', default: false }, reps: { type: 'string' }, count: { type: 'string' } },
})
const COUNT = Number(options.count ?? (options.smoke ? 20 : 500))
const REPETITIONS = Number(options.reps ?? (options.smoke ? 1 : 5))
const STUDY = `2.25.3${'0'.repeat(21)}`
const KEYS = ['-S', '-k', 'QueryRetrieveLevel=STUDY', '-k', `StudyInstanceUID=${STUDY}`]
const WADO = { accept: 'multipart/related; type="application/dicom"; transfer-syntax=*' }
/** Files are in memory then, and whoever compiles as he goes has done so. */
const WARM_UP = options.smoke ? 1 : 3
/** Debian's orthanc-dicomweb. */
const PLUGIN = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so'

interface Source {
  name: string
  aet: string
  port: number
  pid: number
  /** Isocenter's, to be waited for. */
  station?: RunningStation
  /** Where WADO-RS gives the study, and with which headers. */
  wado: { url: string; headers: Record<string, string> }
  close(): Promise<void>
}

const sinkPort = await freePort()
const sink = spawn('storescp', ['--ignore', '--max-pdu', '131072', '-aet', 'SINK', String(sinkPort)], {
  env: { ...process.env, ...NO_DELAY },
  stdio: 'ignore',
})
const endSink = async () => {
  sink.kill('SIGKILL')
  await once(sink, 'exit')
}
await untilListening(sink, sinkPort, endSink)
const sources: Source[] = [await isocenter(), await orthanc()]
try {
  console.log(`retrieve: a study of ${COUNT} CT, ${REPETITIONS} repetitions, ${machine()}`)
  const imageBytes = template('ct', 0).dataSet.length
  for (const source of sources) {
    const to = { port: source.port, calledAET: source.aet, kind: 'ct', associations: 4, run: 0 } as const
    await blast({ ...to, count: COUNT, imagesInSeries: Math.ceil(COUNT / 2) })
  }
  // Every object lies in a file of its own, and thumbnails are made.
  for (const { station } of sources) if (station) await untilQuiet(station)
  const ways: Array<[way: string, run: (source: Source) => Promise<void>]> = [
    ['C-GET', source => tool('getscu', source, '--ignore', '-pdu', '131072', ...KEYS)],
    ['C-MOVE', source => tool('movescu', source, '-aem', 'SINK', ...KEYS)],
    ['WADO-RS', source => wado(source, COUNT * imageBytes)],
  ]
  for (const [way, run] of ways) {
    const rates = sources.map((): number[] => [])
    const cpu = sources.map((): number[] => [])
    for (let repetition = -WARM_UP; repetition < REPETITIONS; repetition++) {
      for (const i of sources.keys()) {
        const at = (i + repetition + WARM_UP) % sources.length
        const source = sources[at]!
        const before = await usageOf(source.pid)
        const began = performance.now()
        await run(source)
        const seconds = (performance.now() - began) / 1000
        if (repetition < 0) continue
        rates[at]!.push(COUNT / seconds)
        cpu[at]!.push(((await usageOf(source.pid)).cpuMs - before.cpuMs) / COUNT)
      }
    }
    for (const [i, { name }] of sources.entries()) {
      const rate = percentile(rates[i]!, 50)
      const megabytes = (rate * imageBytes) / 1e6
      console.log(
        `  ${way.padEnd(8)} ${name.padEnd(10)} ${rate.toFixed(0)} images/s, ${megabytes.toFixed(0)} MB/s, CPU ${percentile(cpu[i]!, 50).toFixed(2)} ms each`,
      )
    }
    const ratios = rates[0]!.map((rate, i) => rate / rates[1]![i]!)
    const [low, middle, high] = [0, 50, 100].map(p => percentile(ratios, p).toFixed(2))
    console.log(`  ${way}: Isocenter / Orthanc ${middle} (${low} to ${high}; aim 2)`)
  }
} finally {
  await Promise.all(sources.map(source => source.close()))
  await endSink()
}

/** By DCMTK's tools: they end with another code than 0 when an object is missing. */
async function tool(name: string, { aet, port }: Source, ...args: string[]): Promise<void> {
  const { stdout, stderr } = await promisify(execFile)(
    name,
    ['-v', '-aet', 'READER', '-aec', aet, ...args, '127.0.0.1', String(port)],
    { env: { ...process.env, ...NO_DELAY }, maxBuffer: 2 ** 28 },
  )
  const said = stdout + stderr
  const completed = [...said.matchAll(/Completed Suboperations +: (\d+)/g)].at(-1)?.[1]
  if (/Warning:|Refused:/.test(said) || (completed !== undefined && Number(completed) !== COUNT)) {
    throw new Error(`${name} from ${aet}: ${said.slice(-2000)}`)
  }
}

/**
 * Reads the answer to its end and looks at nothing but its status: Node's own client takes more of the two cores for an image than who
 * sends it, and only that is to be measured.
 */
async function wado({ name, wado: { url, headers } }: Source, least: number): Promise<void> {
  const { host, hostname, port, pathname } = new URL(url)
  let bytes = 0
  let status = ''
  const socket = connect({
    host: hostname,
    port: Number(port),
    onread: {
      buffer: Buffer.allocUnsafe(512 * 1024),
      callback(length, buffer) {
        if (bytes === 0) status = Buffer.from(buffer.subarray(0, 12)).toString('latin1')
        bytes += length
        return true
      },
    },
  })
  const fields = Object.entries({ host, connection: 'close', ...headers, ...WADO })
  socket.write(`GET ${pathname} HTTP/1.1\r\n${fields.map(([key, value]) => `${key}: ${value}\r\n`).join('')}\r\n`)
  await once(socket, 'close')
  if (status !== 'HTTP/1.1 200' || bytes < least) throw new Error(`${name}: ${status}, ${bytes} of ${least} bytes`)
}

async function isocenter(): Promise<Source> {
  const node = (AET: string, port: number) => ({ name: AET.toLowerCase(), AET, host: '127.0.0.1', port })
  const station = await startStation({
    config: { settleAfterSeconds: 0, nodes: [node('READER', 9), node('SINK', sinkPort)] },
  })
  const { name, aet, port, pid, close } = receiverOf(station)
  const key = new URL(station.url).searchParams.get('key')
  const headers = { authorization: `Api-Key ${key}` }
  const wado = { url: `${station.origin}/dicom-web/studies/${STUDY}`, headers }
  return { name, aet, port, pid, close, station, wado }
}

async function orthanc(): Promise<Source> {
  if (!existsSync(PLUGIN)) throw new Error(`${PLUGIN} is missing: apt-get install orthanc-dicomweb`)
  const { name, aet, port, pid, close, httpPort } = await startOrthanc({
    DicomModalities: { sink: ['SINK', '127.0.0.1', sinkPort], reader: ['READER', '127.0.0.1', 9] },
    DicomAlwaysAllowGet: true,
    Plugins: [PLUGIN],
    DicomWeb: { Enable: true },
  })
  const wado: Source['wado'] = { url: `http://127.0.0.1:${httpPort}/dicom-web/studies/${STUDY}`, headers: {} }
  return { name, aet, port, pid, close, wado }
}
