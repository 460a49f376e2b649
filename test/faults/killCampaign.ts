import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { PDU } from '../../electron/station/wire/pdu.ts'
import { readFileMeta } from '../../shared/dicom/part10.ts'
import { associateRequest, RawPeer } from '../fakes/byteSender.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'
import { type Broken, checkVault } from './checkVault.ts'
import { EXPLICIT_LE, faultObject, SC_IMAGE, sha256Of } from './objects.ts'
import type { Promises } from './promises.ts'
import { below, createRandom, type Random } from './random.ts'

/** Looked for after every start, besides all that the last life touched. */
const SAMPLE = 40
const RETRIEVALS = 4
/** A life ends after at most so many answers, or after so long when there are none. */
const MOST_ANSWERS = 150
const LONGEST_LIFE_MS = 10_000
const LEAST_ASSOCIATIONS = 10
const MOST_ASSOCIATIONS = 50

interface Sent {
  /** What faultObject makes it from. */
  seed: number
  n: number
  SOPInstanceUID: string
  StudyInstanceUID: string
  sha256: string
  stored: boolean
}

export interface KillReport {
  kills: number
  /** Of them before the station said it was ready, and while it was closing. */
  early: number
  closing: number
  acknowledged: number
  /** Sent once more: after an answer that may have been lost on the way, or for no reason. */
  resent: number
  /** Answered with something else than Success: no promise. */
  refused: number
  missing: string[]
  different: string[]
  doubled: string[]
  /** What the vault itself was in the end, by the check that follows a power cut. */
  broken: Broken
  /** From the start of the process to its ready line, after a kill, in s. */
  recoveries: number[]
}

interface Campaign {
  random: Random
  sent: Map<string, Sent>
  report: Omit<KillReport, 'acknowledged' | 'broken'>
}

/**
 * Kills the built station `kills` times: while 10 to 50 associations push, while it starts, while it closes. After each start
 * all that the last life touched and a sample of the rest is retrieved and compared, in the end everything.
 * @param dataDir an empty folder.
 */
export async function killCampaign(
  dataDir: string,
  { seed, kills, log }: { seed: number; kills: number; log(line: string): void },
): Promise<KillReport> {
  const random = createRandom(seed)
  const nothing = { early: 0, closing: 0, resent: 0, refused: 0 }
  const report = { kills: 0, ...nothing, missing: [], different: [], doubled: [], recoveries: [] }
  const campaign: Campaign = { random, sent: new Map(), report }
  let touched = new Set<Sent>()
  let startMs = 1000
  for (let life = 1; campaign.report.kills < kills; life++) {
    if (life > 1 && random() < 0.15) {
      await killEarly(dataDir, below(random, startMs))
      campaign.report.early++
    } else {
      const began = performance.now()
      const station = await startStation({ dataDir })
      startMs = performance.now() - began
      if (life > 1) campaign.report.recoveries.push(startMs / 1000)
      try {
        await verify(station, campaign, touched)
        touched = await pushAndKill(station, campaign, seed * 10_000 + life)
      } finally {
        await kill(station)
      }
    }
    campaign.report.kills++
    if (campaign.report.kills % 20 === 0) log(`${campaign.report.kills} kills: ${told(campaign)}`)
  }
  const promises: Promises = { objects: new Map(), decisions: new Map() }
  for (const { SOPInstanceUID, StudyInstanceUID, sha256, stored } of campaign.sent.values()) {
    promises.objects.set(SOPInstanceUID, { StudyInstanceUID, versions: new Map([[sha256, { stored }]]) })
  }
  const { broken, acknowledged } = await checkVault(dataDir, promises, 2)
  return { ...campaign.report, acknowledged, broken }
}

function told({ sent, report }: Campaign): string {
  const stored = [...sent.values()].filter(one => one.stored).length
  const { missing, different, doubled } = report
  return `${stored} acknowledged, ${missing.length} missing, ${different.length} different, ${doubled.length} doubled`
}

/** Starts the station and kills it `ms` later, ready or not. */
async function killEarly(dataDir: string, ms: number): Promise<void> {
  const entry = path.join(REPOSITORY, 'out/station/headless.js')
  const args = [entry, '--data-dir', dataDir, '--dimse-port', '0', '--http-port', '0']
  const child = spawn(process.execPath, args, { stdio: 'ignore' })
  const exit = once(child, 'exit')
  await wait(ms)
  child.kill('SIGKILL')
  await exit
}

async function kill({ process: child }: RunningStation): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

/** Pushes over many associations and kills the station in the midst of it, or in the midst of closing. Returns what was sent. */
async function pushAndKill(station: RunningStation, campaign: Campaign, seed: number): Promise<Set<Sent>> {
  const { random, report } = campaign
  const touched = new Set<Sent>()
  const next = createSupply(campaign, seed)
  const enough = Promise.withResolvers<void>()
  const wanted = below(random, MOST_ANSWERS)
  let answers = 0
  const association = async () => {
    const peer = new RawPeer(station.dimsePort)
    try {
      const contexts = [{ abstractSyntax: SC_IMAGE, transferSyntaxes: [EXPLICIT_LE] }]
      const accepted = await peer.associate(associateRequest(contexts, { calledAET: station.aet }))
      for (let id = 1; accepted?.type === PDU.associateAC; id++) {
        const object = next()
        touched.add(object)
        const { SOPInstanceUID } = object
        const dataSet = faultObject(object.seed, object.n).bytes
        const store = { SOPClassUID: SC_IMAGE, SOPInstanceUID, TransferSyntaxUID: EXPLICIT_LE, dataSet }
        const { status } = await peer.store(1, id, store)
        if (status === 0) object.stored = true
        else report.refused++
        if (++answers >= wanted) enough.resolve()
      }
    } catch {
      // The station is gone: no answer, no promise.
    } finally {
      peer.socket.destroy()
    }
  }
  const count = LEAST_ASSOCIATIONS + below(random, MOST_ASSOCIATIONS - LEAST_ASSOCIATIONS + 1)
  const associations = Array.from({ length: count }, association)
  await Promise.race([enough.promise, wait(LONGEST_LIFE_MS)])
  if (random() < 0.1) {
    station.process.kill('SIGTERM')
    report.closing++
  }
  await wait(below(random, 60))
  await kill(station)
  await Promise.all(associations)
  return touched
}

/** What is sent next: now and then something once more, above all what an earlier life has not answered; else a new image. */
function createSupply({ random, sent, report }: Campaign, seed: number): () => Sent {
  const earlier = [...sent.values()]
  const unanswered = earlier.filter(one => !one.stored)
  let n = 0
  return () => {
    const dice = random()
    const again = dice < 0.5 ? unanswered.pop() : dice > 0.92 ? earlier[below(random, earlier.length)] : undefined
    if (again) {
      report.resent++
      return again
    }
    const { SOPInstanceUID, StudyInstanceUID, sha256 } = faultObject(seed, ++n)
    const made = { seed, n, SOPInstanceUID, StudyInstanceUID, sha256, stored: false }
    sent.set(SOPInstanceUID, made)
    return made
  }
}

/** Retrieves as any client would: answered ones must be there and equal, others absent or equal, each listed once. */
async function verify(station: RunningStation, { random, sent, report }: Campaign, touched: Set<Sent>): Promise<void> {
  const all = [...sent.values()]
  const looked = new Set(touched)
  for (let n = 0; n < SAMPLE; n++) {
    const one = all[below(random, all.length)]
    if (one) looked.add(one)
  }
  const queue = [...looked]
  const retrieve = async () => {
    for (let one = queue.pop(); one; one = queue.pop()) {
      const { StudyInstanceUID, SOPInstanceUID } = one
      const response = await station.get(
        `/dicom-web/studies/${StudyInstanceUID}/series/${StudyInstanceUID}.1/instances/${SOPInstanceUID}`,
        { accept: 'application/dicom; transfer-syntax=*' },
      )
      const bytes = Buffer.from(await response.arrayBuffer())
      if (response.status === 404) {
        if (one.stored) report.missing.push(SOPInstanceUID)
      } else if (response.status !== 200) report.different.push(`${SOPInstanceUID}: ${response.status}`)
      else if (sha256Of(bytes.subarray(readFileMeta(bytes)?.dataSetOffset)) !== one.sha256) {
        report.different.push(SOPInstanceUID)
      }
    }
  }
  await Promise.all(Array.from({ length: RETRIEVALS }, retrieve))
  for (const study of new Set([...touched].map(({ StudyInstanceUID }) => StudyInstanceUID))) {
    const response = await station.get(`/dicom-web/studies/${study}/instances?limit=5000`)
    // No study: nothing of it was taken.
    const rows = response.ok ? ((await response.json()) as Array<Record<string, { Value?: string[] }>>) : []
    const uids = rows.map(row => row['00080018']?.Value?.[0] ?? '')
    for (const [index, uid] of uids.entries()) if (uids.indexOf(uid) !== index) report.doubled.push(uid)
  }
}
