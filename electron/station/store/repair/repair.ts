import { appendFile, rename } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Disk } from '../../base/durable.ts'
import type { Thread } from '../../base/thread.ts'
import type { Decision } from '../decisionLog.ts'
import { readDecisions } from '../decisionLog.ts'
import type { Change, Received, StoreProblem } from '../index.ts'
import type { PlacedObject } from '../receivedObject.ts'
import { DATA_VOLUME } from '../volumes/placement.ts'
import type { Volumes } from '../volumes/volumes.ts'
import type { WriterApi } from '../writer.ts'
import { type Aside, BLOCK, type createLook, type Damage, GONE } from './look.ts'

/** The 65,536 newest numbers are read first, in the order of arrival, for of a study the first image tells most; then those before. */
const BLOCKS_PER_GROUP = 256
/** Objects to a transaction: what is received meanwhile waits no longer than for these. */
const CHUNK = 32
const DECISIONS_AT_ONCE = 500
/** Gives way to what arrives and is read, but not for ever. */
const YIELD_MS = 50
const MOST_YIELDS = 6

/** How a repair is followed; a job's progress is one. */
export interface RepairProgress {
  readonly signal: AbortSignal
  total(count: number): void
  received(outcome: Received['outcome']): void
  passed(): void
  failed(file: string, reason: string): void
}

export interface RepairParts {
  dataDir: string
  disk: Disk
  writer: Thread<WriterApi>
  startThread(): Thread<ReturnType<typeof createLook>>
  /** The greatest content number there is or was: what comes later has its rows. */
  newest(): number
  /** The disks beside the data folder that can be read. */
  volumes: Pick<Volumes, 'readable'>
  /** Into `decisions.log`; does not reject. */
  writeDown(decisions: Decision[]): Promise<void>
  tell(changes: Change[]): void
  report(problem: StoreProblem): void
  /** Something arrives or is read right now. */
  busy(): boolean
}

/** Decisions of the whole log, in its order. To be called while nobody decides. */
export async function replayDecisionLog(path: string, writer: Thread<WriterApi>): Promise<Change[]> {
  const changes: Change[] = []
  let part: Decision[] = []
  const send = async () => {
    if (part.length > 0) changes.push(...(await writer.call('replayDecisions', part)).changes)
    part = []
  }
  for await (const decision of readDecisions(path)) {
    part.push(decision)
    if (part.length === DECISIONS_AT_ONCE) await send()
  }
  await send()
  return changes
}

/**
 * Brings index and files together, both ways: a file without a row gets one, with the number in its name; a row whose file is gone
 * or altered is marked; what is no object of ours is set aside. Nothing is deleted, everything is in `repairs/<time>.tsv`. It
 * runs beside all other work, newest files first; a repair that is cut off is begun again by the next start.
 * @param verify read every byte and compare it with what is known of it.
 */
export async function repairFiles(parts: RepairParts, verify: boolean, progress: RepairProgress): Promise<void> {
  const { dataDir, disk, writer } = parts
  const thread = parts.startThread()
  const reportFile = `repairs/${new Date().toISOString().replaceAll(/[:.]/g, '-')}.tsv`
  let adopted = 0
  let setAside = 0
  let lost = 0

  async function note(lines: Array<[what: string, contentId: number | '', file: string, UID: string, reason: string]>) {
    if (lines.length === 0) return
    await disk.makeFolder(join(dataDir, 'repairs'))
    await appendFile(join(dataDir, reportFile), lines.map(line => `${line.join('\t')}\n`).join(''))
  }

  async function putAside(files: Aside[]): Promise<void> {
    for (const { contentId, root, file, to, reason } of files) {
      const name = `${root}${to}/${Date.now()}-${basename(file)}`
      const folder = resolve(dataDir, root, to)
      await disk.makeFolder(folder)
      await rename(resolve(dataDir, file), resolve(dataDir, name))
      await disk.syncFolder(folder)
      await note([['set aside', contentId, name, '', reason]])
      setAside++
      progress.failed(file, reason)
    }
  }

  async function mark(damage: Damage[], findings: Parameters<typeof markRows>[0]): Promise<void> {
    const marked = await markRows(findings)
    const reasons = new Map(damage.map(({ contentId, file, reason }) => [contentId, { file, reason }]))
    await note(
      marked.map(({ contentId, StudyInstanceUID, SOPInstanceUID }) => {
        const { file = '', reason = '' } = reasons.get(contentId) ?? {}
        return ['damaged', contentId, file, `${StudyInstanceUID}/${SOPInstanceUID}`, reason]
      }),
    )
    lost += marked.length
  }
  const markRows = (findings: Parameters<WriterApi['mark']>[0]) => writer.call('mark', findings)

  async function adopt(found: PlacedObject[]): Promise<void> {
    for (let at = 0; at < found.length; at += CHUNK) {
      await giveWay()
      let objects = found.slice(at, at + CHUNK)
      for (let attempt = 0; objects.length > 0 && attempt < 2; attempt++) objects = await adoptOnce(objects)
      for (const { contentId, file, header } of objects) {
        const reason = 'Another version of the image that came later could not be read.'
        await note([['left', contentId, file, header.SOPInstanceUID, reason]])
        progress.failed(file, reason)
      }
    }
  }

  /** Resolves to those that are to be tried again. */
  async function adoptOnce(objects: PlacedObject[]): Promise<PlacedObject[]> {
    const asked = objects.map(({ contentId, header }) => ({ contentId, SOPInstanceUID: header.SOPInstanceUID }))
    const newer = new Map((await writer.call('newerVersions', asked)).map(copy => [copy.contentId, copy]))
    const again = newer.size > 0 ? await thread.call('readAgain', [...newer.values()]) : []
    const all = [...objects, ...again].sort((a, b) => a.contentId - b.contentId)
    const answer = await writer.call('adopt', all)
    await parts.writeDown(answer.decisions)
    parts.tell(answer.changes)
    const retry: PlacedObject[] = []
    for (const [index, object] of all.entries()) {
      const outcome = answer.outcomes[index]
      const { contentId, file } = object
      // A version that came later and turns out to be the same: its rows are gone, and so is its file when it had one.
      if (!objects.includes(object) && (outcome !== 'duplicate' || object.adopted?.volume === 0)) continue
      if (outcome === 'retry') retry.push(object)
      else if (outcome === 'adopted') {
        adopted++
        progress.received('stored')
      } else if (outcome === 'duplicate') {
        const reason = 'The same image is stored under another number.'
        await putAside([{ contentId, root: rootOf(object), file, to: 'orphans', reason }])
      } else if (outcome === 'cut') {
        const reason = 'It ends too early; the image came whole as well.'
        await putAside([{ contentId, root: rootOf(object), file, to: 'quarantine', reason }])
      } else if (outcome === 'gone') {
        await putAside([{ contentId, root: rootOf(object), file, to: 'orphans', reason: GONE }])
      } else if (typeof outcome === 'object') {
        await note([['left', contentId, file, object.header.SOPInstanceUID, outcome.failed]])
        progress.failed(file, outcome.failed)
      }
    }
    return retry
  }

  async function giveWay(): Promise<void> {
    for (let n = 0; n < MOST_YIELDS && parts.busy() && !progress.signal.aborted; n++) await wait(YIELD_MS)
  }

  async function block(volume: number, root: string, from: number, upTo: number): Promise<void> {
    await giveWay()
    const { copies, gone, doomed } = await writer.call('contentsBetween', volume, from, from + BLOCK - 1)
    const seen = await thread.call('look', { volume, root, from, upTo, known: copies, gone, doomed, verify })
    const unsound = seen.damage.length + seen.aside.length
    for (let n = seen.found.length + unsound; n < seen.looked; n++) progress.passed()
    await adopt(seen.found)
    await putAside(seen.aside)
    await mark(seen.damage, { ...seen.findings, damaged: seen.damage.map(({ contentId }) => contentId) })
    for (const { file, reason } of seen.damage) progress.failed(file, reason)
    await note(seen.strange.map(file => ['left', '', file, '', 'It is no file of this station.']))
  }

  try {
    const upTo = parts.newest()
    const roots = ['', ...parts.volumes.readable().map(({ root }) => root)]
    thread.call('count', roots).then(progress.total, () => {})
    const groupSize = BLOCK * BLOCKS_PER_GROUP
    for (let group = Math.floor(upTo / groupSize) * groupSize; group >= 0; group -= groupSize) {
      for (let from = group; from < group + groupSize && from <= upTo; from += BLOCK) {
        if (progress.signal.aborted) return
        await block(DATA_VOLUME, '', from, upTo)
        for (const { id, root } of parts.volumes.readable()) await block(id, root, from, upTo)
      }
    }
    parts.tell((await writer.call('endRepair')).changes)
  } finally {
    await thread.stop()
  }
  if (adopted > 0 || setAside > 0) {
    parts.report({
      severity: 'attention',
      sentence: 'The index was brought together with the files: every image on the disk is on the worklist again.',
      detail: `${adopted} images adopted, ${setAside} files set aside${setAside > 0 ? `, listed in ${reportFile}` : ''}`,
    })
  }
  if (lost > 0) {
    parts.report({
      severity: 'failure',
      sentence:
        'Stored images are missing or damaged on this disk, and this station has no other copy. Have them sent again.',
      detail: `${lost} images, listed in ${reportFile}`,
    })
  }
}

const rootOf = (object: PlacedObject): string => object.adopted?.root ?? ''
