/**
 * `npm run bench -- confirm [--smoke] [--studies N] [--rate N] [--backlog N]`: from the last image of a study committed (its C-STORE answered) to all of the
 * study proved equal on a real Orthanc, while ten scanners push `rate` images a
 * second together. Then how fast a backlog drains.
 */
import { existsSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { PDU } from '../../electron/station/wire/pdu.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { associateRequest, RawPeer, type SendObject } from '../fakes/byteSender.ts'
import { type RunningStation, startStation } from '../fixtures/station.ts'
import { machine, percentile } from './figures.ts'
import { instanceOf, template, uidOf } from './instances.ts'
import { startOrthanc } from './receivers.ts'

const { values: options } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    studies: { type: 'string' },
    rate: { type: 'string', default: '20' },
    backlog: { type: 'string' },
  },
})
const STUDIES = Number(options.studies ?? (options.smoke ? 1 : 20))
const IMAGES = options.smoke ? 10 : 100
const SCANNERS = 10
/** Between two images of a scanner. */
const SCANNER_MS = (1000 * SCANNERS) / Number(options.rate)
const BACKLOG = Number(options.backlog ?? (options.smoke ? 40 : 2000))
const CT = '1.2.840.10008.5.1.4.1.1.2'
const PLUGIN = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so'
const NAME = 'Central'

if (!existsSync(PLUGIN)) throw new Error(`${PLUGIN} is missing: apt-get install orthanc-dicomweb`)
const orthanc = await startOrthanc({ Plugins: [PLUGIN], DicomWeb: { Enable: true }, HttpThreadsCount: 50 })
const origin = `http://127.0.0.1:${orthanc.httpPort}`
const destination = { name: NAME, route: { kind: 'dicomweb' as const, url: `${origin}/dicom-web`, orthanc: origin } }
const station = await startStation({ config: { destinations: [destination] } })
try {
  console.log(
    `confirm: studies of ${IMAGES} CT of 512×512 while ${SCANNERS} scanners push ${options.rate} images/s, ${machine()}`,
  )
  const stop = new AbortController()
  const scanners = Array.from({ length: SCANNERS }, (_, n) => scan(n, stop.signal))
  const delays: number[] = []
  for (let study = 0; study < STUDIES; study++) delays.push(await measure(1000 + study))
  stop.abort()
  const pushed = (await Promise.all(scanners)).reduce((sum, images) => sum + images)
  const [p50, p95, max] = [50, 95, 100].map(p => `${percentile(delays, p).toFixed(0)} ms`)
  console.log(
    `last image committed → study proved equal: p50 ${p50}, p95 ${p95}, max ${max} (n=${delays.length}; aims 1 s, 3 s)`,
  )
  await untilConfirmed(pushed + STUDIES * IMAGES)
  if (BACKLOG > 0) await drain(pushed + STUDIES * IMAGES)
  const held = await orthanc.stored()
  const all = pushed + STUDIES * IMAGES + BACKLOG
  console.log(`Orthanc holds ${held} of ${all}`)
  if (held !== all) process.exitCode = 1
} finally {
  await station.stop()
  await orthanc.close()
}

async function openPeer({ dimsePort, aet }: RunningStation): Promise<RawPeer> {
  const peer = new RawPeer(dimsePort)
  const contexts = [{ abstractSyntax: CT, transferSyntaxes: [TS.ExplicitVRLittleEndian] }]
  const accepted = await peer.associate(associateRequest(contexts, { calledAET: aet }))
  if (accepted?.type !== PDU.associateAC) throw new Error('the association was refused')
  return peer
}

async function store(peer: RawPeer, id: number, object: SendObject): Promise<void> {
  const { status } = await peer.store(1, id, object)
  if (status !== 0) throw new Error(`C-STORE ended with ${status.toString(16)}`)
}

/** How many it has sent when it is told to stop. */
async function scan(scanner: number, signal: AbortSignal): Promise<number> {
  const ct = template('ct', scanner, 50)
  const peer = await openPeer(station)
  let image = 0
  for (; !signal.aborted; image++) {
    await store(peer, (image % 60_000) + 1, instanceOf(ct, image))
    await wait(SCANNER_MS)
  }
  peer.socket.destroy()
  return image
}

/** ms. */
async function measure(run: number): Promise<number> {
  const ct = template('ct', run, IMAGES)
  const peer = await openPeer(station)
  for (let image = 0; image < IMAGES; image++) await store(peer, image + 1, instanceOf(ct, image))
  const committed = performance.now()
  peer.socket.destroy()
  const StudyInstanceUID = uidOf(ct, 'Study', 0)
  for (;;) {
    const { custody } = await station.call('sync.study', { StudyInstanceUID })
    if (custody[0]?.confirmed.equal === IMAGES) return performance.now() - committed
    await wait(50)
  }
}

async function untilConfirmed(images: number): Promise<void> {
  for (;;) {
    const { destinations } = await station.call('sync.status', {})
    const [central] = destinations
    if (central && central.dead > 0) throw new Error(`refused: ${JSON.stringify(central)}`)
    if (central?.confirmed === images) return
    await wait(50)
  }
}

/** What has waited goes at once. */
async function drain(before: number): Promise<void> {
  await station.call('sync.pause', { destination: NAME, paused: true })
  const ct = template('ct', 9000, 100)
  const peer = await openPeer(station)
  for (let image = 0; image < BACKLOG; image++) await store(peer, (image % 60_000) + 1, instanceOf(ct, image))
  peer.socket.destroy()
  const began = performance.now()
  await station.call('sync.pause', { destination: NAME, paused: false })
  await untilConfirmed(before + BACKLOG)
  const seconds = (performance.now() - began) / 1000
  console.log(`a backlog of ${BACKLOG} CT: sent and proved equal at ${(BACKLOG / seconds).toFixed(0)} images/s`)
}
