import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { differences } from '../../electron/station/sync/differences.ts'
import { PDU } from '../../electron/station/wire/pdu.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { readFileMeta } from '../../shared/dicom/part10.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { associateRequest, RawPeer } from '../fakes/byteSender.ts'
import { type RunningStation, startStation } from '../fixtures/station.ts'
import { CentralArchive } from './centralArchive.ts'
import { EXPLICIT_LE, faultObject, SC_IMAGE, sha256Of } from './objects.ts'
import { below, createRandom, type Random } from './random.ts'
import { RudeLine } from './rudeLine.ts'
import { RudeWire } from './rudeWire.ts'

const SIDE = 96
const SENDERS = 10
const LONGEST_CUT_MS = 1500
const DRAIN_MS = 15 * 60_000
const HEAL_MS = 10 * 60_000

export interface SyncReport {
  images: number
  cuts: number
  stationKills: number
  archiveKills: number
  /** Taken by the archive, named as taken, and gone. */
  lost: number
  /** From the last trouble until everything was confirmed, s. */
  drained: number
  /** What the archive lost after it was confirmed, and how long it took until it was there again, s. */
  lostLater: number
  healed: number
  /** Not there, there with other bytes, there twice, or not here. */
  missing: string[]
  different: string[]
  doubled: string[]
  /** Confirmed another number of times than once for each time it had to be. */
  confirmedOtherwise: string[]
  unconfirmed: number
  dead: number
}

interface Wishes {
  seed: number
  /** By which door of the archive; what comes by DIMSE alone is also looked for and compared that way (C-FIND, C-GET). */
  way: 'dicomweb' | 'dimse'
  studies: number
  imagesPerStudy: number
  cuts: number
  /** Of either side. */
  kills: number
  /** 1 % more is lost when all is confirmed, and waited for. */
  loseLater: boolean
  log(line: string): void
}

/**
 * Pushes studies to the built station while the line to a real Orthanc fails, and both sides are killed; compares what both hold in
 * the end.
 * @param dataDir an empty folder.
 */
export async function syncCampaign(dataDir: string, wishes: Wishes): Promise<SyncReport> {
  const random = createRandom(wishes.seed)
  const archive = await CentralArchive.open()
  const line = await openLine(wishes.way, archive, random)
  const { config } = line
  const at = { station: await startStation({ dataDir, config }), starting: Promise.resolve() }
  try {
    const sending = push(at, wishes)
    const trouble = await makeTrouble(at, archive, line, random, wishes)
    await sending
    await line.set('clear')
    const began = performance.now()
    await untilConfirmed(at.station, wishes)
    const drained = (performance.now() - began) / 1000
    wishes.log(`all confirmed ${drained.toFixed(1)} s after the last trouble`)
    const { lostLater, healed } = wishes.loseLater ? await loseAndHeal(archive, random, wishes) : NO_LOSS
    if (lostLater > 0) await untilConfirmed(at.station, wishes)
    const found = await compare(at.station, archive, wishes)
    const [central] = (await at.station.call('sync.status', {})).destinations
    return {
      images: wishes.studies * wishes.imagesPerStudy,
      ...trouble,
      lost: line.lost(),
      drained,
      lostLater,
      healed,
      ...found,
      unconfirmed: (central?.queued ?? 0) + (central?.unproved ?? 0),
      dead: central?.dead ?? 0,
    }
  } finally {
    await at.starting
    await at.station.stop()
    await line.close()
    await archive.close()
  }
}

/** The way from the station to the archive, which can be made to fail. */
interface Line {
  config: NonNullable<Parameters<typeof startStation>[0]>['config']
  weathers: readonly string[]
  /** One of `weathers`, or 'clear'. */
  set(weather: string): Promise<void>
  lost(): number
  close(): Promise<void>
}

async function openLine(way: Wishes['way'], archive: CentralArchive, random: Random): Promise<Line> {
  if (way === 'dicomweb') {
    const line = await RudeLine.open(archive, random)
    line.loses = 0.01
    const route = { kind: 'dicomweb' as const, url: `${line.origin}/dicom-web`, orthanc: line.origin }
    return { config: { destinations: [{ name: 'Central', route }] }, ...partsOf(line), lost: () => line.lost }
  }
  const wire = await RudeWire.open(archive.dicomPort)
  const config = {
    nodes: [{ name: 'central', AET: 'CENTRAL', host: '127.0.0.1', port: wire.port }],
    destinations: [{ name: 'Central', route: { kind: 'dimse' as const, node: 'central' } }],
  }
  return { config, ...partsOf(wire), lost: () => 0 }
}

function partsOf<W extends string>(line: {
  weathers: readonly W[]
  set(weather: W | 'clear'): Promise<void>
  close(): Promise<void>
}) {
  const set = async (wanted: string) => line.set(line.weathers.find(one => one === wanted) ?? 'clear')
  return { weathers: line.weathers, set, close: () => line.close() }
}

const NO_LOSS = { lostLater: 0, healed: 0 }

interface Running {
  station: RunningStation
  /** Over when it can be spoken to. */
  starting: Promise<void>
}

const objectOf = ({ seed }: Pick<Wishes, 'seed'>, study: number, image: number) =>
  faultObject(seed * 1000 + study, image * 5, 'first', SIDE)

/** Each image until it is answered with Success, whoever dies meanwhile. */
async function push(at: Running, wishes: Wishes): Promise<void> {
  let next = 0
  const sender = async () => {
    for (let study = next++; study < wishes.studies; study = next++) {
      let image = 0
      while (image < wishes.imagesPerStudy) {
        await at.starting
        const peer = new RawPeer(at.station.dimsePort)
        try {
          const contexts = [{ abstractSyntax: SC_IMAGE, transferSyntaxes: [EXPLICIT_LE] }]
          const accepted = await peer.associate(associateRequest(contexts, { calledAET: at.station.aet }))
          for (let id = 1; accepted?.type === PDU.associateAC && image < wishes.imagesPerStudy; id++) {
            const { SOPInstanceUID, bytes } = objectOf(wishes, study, image)
            const object = { SOPClassUID: SC_IMAGE, SOPInstanceUID, TransferSyntaxUID: EXPLICIT_LE, dataSet: bytes }
            const { status } = await peer.store(1, id, object)
            if (status !== 0) break
            image += 1
          }
        } catch {
          // The station is gone: what was not answered is sent again.
          await wait(50)
        } finally {
          peer.socket.destroy()
        }
      }
    }
  }
  await Promise.all(Array.from({ length: SENDERS }, sender))
}

async function makeTrouble(at: Running, archive: CentralArchive, line: Line, random: Random, wishes: Wishes) {
  const report = { cuts: 0, stationKills: 0, archiveKills: 0 }
  const kills = Array.from({ length: wishes.kills }, () => [below(random, wishes.cuts), below(random, wishes.cuts)])
  for (let cut = 0; cut < wishes.cuts; cut++) {
    await wait(below(random, 400))
    // Each kind comes, whatever the seed.
    const weather = line.weathers[cut % line.weathers.length] ?? 'gone'
    await line.set(weather)
    report.cuts += 1
    for (const [station, central] of kills) {
      if (station === cut) {
        await wait(below(random, 300))
        at.starting = restart(at)
        await at.starting
        report.stationKills += 1
      }
      if (central === cut) {
        await archive.kill()
        await wait(below(random, 1000))
        await archive.start()
        report.archiveKills += 1
      }
    }
    await wait(100 + below(random, LONGEST_CUT_MS))
    await line.set('clear')
    if (report.cuts % 10 === 0) wishes.log(`${report.cuts} cuts`)
  }
  return report
}

async function restart(at: Running): Promise<void> {
  const { process: child, dataDir } = at.station
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }
  at.station = await startStation({ dataDir })
}

async function untilConfirmed(station: RunningStation, { studies, imagesPerStudy }: Wishes): Promise<void> {
  const end = performance.now() + DRAIN_MS
  for (;;) {
    const { destinations } = await station.call('sync.status', {})
    const [central] = destinations
    if (central && central.confirmed + central.dead >= studies * imagesPerStudy) return
    if (performance.now() > end) throw new Error(`it does not drain: ${JSON.stringify(central)}`)
    await wait(200)
  }
}

/** What it lost after everything was proved comes back without a person. */
async function loseAndHeal(archive: CentralArchive, random: Random, wishes: Wishes) {
  const all = Array.from({ length: wishes.studies }, (_, study) => study).flatMap(study =>
    Array.from({ length: wishes.imagesPerStudy }, (_, image) => objectOf(wishes, study, image).SOPInstanceUID),
  )
  const gone = all.filter(() => random() < 0.01)
  for (const uid of gone) await archive.lose(uid)
  const began = performance.now()
  while ((await archive.instances()).length < all.length) {
    if (performance.now() - began > HEAL_MS) break
    await wait(500)
  }
  const healed = (performance.now() - began) / 1000
  wishes.log(`${gone.length} lost after they were confirmed, all there again after ${healed.toFixed(0)} s`)
  return { lostLater: gone.length, healed }
}

async function compare(station: RunningStation, archive: CentralArchive, wishes: Wishes) {
  const found = { missing: [] as string[], different: [] as string[], doubled: [] as string[] }
  const confirmedOtherwise: string[] = []
  // What it is given by C-STORE Orthanc writes anew: that may be encoded otherwise, and must say the same.
  const there = await archive.objects((bytes, syntax) => (ours: Uint8Array) => {
    if (Buffer.compare(ours, bytes) === 0) return true
    const [one, other] = [DataSet.read(ours, encodingOf(EXPLICIT_LE)), DataSet.read(bytes, encodingOf(syntax))]
    return wishes.way === 'dimse' && differences(one, other).length === 0
  })
  for (let study = 0; study < wishes.studies; study++) {
    const { StudyInstanceUID } = objectOf(wishes, study, 0)
    for (let image = 0; image < wishes.imagesPerStudy; image++) {
      const { SOPInstanceUID, sha256, bytes: sent } = objectOf(wishes, study, image)
      const [isTheirs, ...more] = there.get(SOPInstanceUID) ?? []
      if (!isTheirs) found.missing.push(`${SOPInstanceUID} there`)
      else if (!isTheirs(sent)) found.different.push(`${SOPInstanceUID} there`)
      if (more.length > 0) found.doubled.push(SOPInstanceUID)
      there.delete(SOPInstanceUID)
      const response = await station.get(
        `/dicom-web/studies/${StudyInstanceUID}/series/${StudyInstanceUID}.1/instances/${SOPInstanceUID}`,
        { accept: 'application/dicom; transfer-syntax=*' },
      )
      const bytes = Buffer.from(await response.arrayBuffer())
      if (!response.ok) found.missing.push(`${SOPInstanceUID} here: ${response.status}`)
      else if (sha256Of(bytes.subarray(readFileMeta(bytes)?.dataSetOffset)) !== sha256) {
        found.different.push(`${SOPInstanceUID} here`)
      }
    }
    const { events } = await station.call('sync.study', { StudyInstanceUID })
    const sum = (kind: string) =>
      events.filter(event => event.kind === kind).reduce((images, event) => images + event.images, 0)
    const [confirmed, lost] = [sum('confirmed'), sum('lost')]
    if (confirmed !== wishes.imagesPerStudy + lost) {
      confirmedOtherwise.push(
        `${StudyInstanceUID}: ${confirmed} confirmations of ${wishes.imagesPerStudy}, ${lost} lost`,
      )
    }
  }
  return { ...found, different: [...found.different, ...there.keys()], confirmedOtherwise }
}
