import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Log } from '../../electron/station/base/log.ts'
import { readDecisions } from '../../electron/station/store/decisionLog.ts'
import { openStore, type Store, type StoredObject } from '../../electron/station/store/index.ts'
import { readFileMeta } from '../../shared/dicom/part10.ts'
import { sha256Of } from './objects.ts'
import { type Promises, USER } from './promises.ts'
import { STORE_OPTIONS } from './storeOptions.ts'

/** What a vault was found to have broken: a sentence for each thing. All empty is as it must be. */
export interface Broken {
  /** Answered with Success, and not there. */
  missing: string[]
  /** There, with bytes nobody sent; also a row without bytes. */
  different: string[]
  doubled: string[]
  /** Answered decisions that are not there. */
  undone: string[]
  /** It did not open, or is damaged, or counts wrongly, or is another one after the next start. */
  unsound: string[]
}

export interface Checked {
  broken: Broken
  /** Answered data sets and decisions that were looked for. */
  acknowledged: number
  decided: number
}

export function isWhole(broken: Broken): boolean {
  return Object.values(broken).every((list: string[]) => list.length === 0)
}

/** Opens the vault as the next start would, and as the one after that, and compares all that is in it with what was promised. */
export async function checkVault(dataDir: string, promises: Promises, starts: 1 | 2): Promise<Checked> {
  const broken: Broken = { missing: [], different: [], doubled: [], undone: [], unsound: [] }
  const seen: string[] = []
  for (const start of ['first', 'second'].slice(0, starts)) {
    const said: string[] = []
    const store = await openStore({ dataDir, log: logInto(said), ...STORE_OPTIONS }).catch((error: unknown) => {
      broken.unsound.push(`the ${start} start failed: ${oneLine(error)}`)
    })
    if (!store) break
    try {
      if (store.needsRepair) broken.unsound.push(`the ${start} start repairs: ${said.join(', ') || 'as one before it'}`)
      seen.push(JSON.stringify(await look(store, dataDir, promises, broken)))
    } catch (error) {
      broken.unsound.push(`after the ${start} start: ${oneLine(error)}`)
    } finally {
      await store.close()
    }
    if (!isWhole(broken)) break
  }
  if (isWhole(broken) && starts === 2 && seen[0] !== seen[1])
    broken.unsound.push('another vault after the second start')
  let acknowledged = 0
  for (const { versions } of promises.objects.values()) {
    for (const { stored } of versions.values()) acknowledged += Number(stored)
  }
  const decided = [...promises.decisions.values()].filter(({ answered }) => answered).length
  return { broken, acknowledged, decided }
}

/** What a person would be warned of. */
function logInto(said: string[]): Log {
  const say = (obj: object, msg: string) => void said.push(`${msg} ${JSON.stringify(obj)}`)
  const log: Log = { debug: () => {}, info: () => {}, warn: say, error: say, child: () => log }
  return log
}

function oneLine(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 3).join(' ') : String(error)
}

/** Adds to `broken`; returns all that is there in a stable form. */
async function look(store: Store, dataDir: string, promises: Promises, broken: Broken): Promise<unknown> {
  if (!store.writable) broken.unsound.push('it takes no images')
  const rows = contentRows(dataDir, broken)
  const contents = new Map<string, string[]>()
  for (const { id, SOPInstanceUID } of rows) {
    const sha256 = await bytesOf(store, id, SOPInstanceUID, broken)
    if (sha256 === undefined) continue
    const known = contents.get(SOPInstanceUID) ?? []
    if (known.includes(sha256)) broken.doubled.push(`${SOPInstanceUID}: content ${id} is there twice`)
    if (!promises.objects.get(SOPInstanceUID)?.versions.has(sha256)) {
      broken.different.push(`${SOPInstanceUID}: content ${id} was never sent`)
    }
    contents.set(SOPInstanceUID, [...known, sha256])
  }
  for (const [SOPInstanceUID, { versions }] of promises.objects) {
    for (const [sha256, { stored }] of versions) {
      if (stored && !contents.get(SOPInstanceUID)?.includes(sha256)) broken.missing.push(SOPInstanceUID)
    }
  }

  const shown: string[] = []
  const studies = new Set([...promises.objects.values()].map(({ StudyInstanceUID }) => StudyInstanceUID))
  for (const StudyInstanceUID of studies) {
    const found = await store.read.locate({ StudyInstanceUID }, 1_000_000)
    shown.push(...found.map(object => object.SOPInstanceUID))
    if (found.length === 0) continue
    const { study } = await store.read.getStudy(StudyInstanceUID)
    if (study.NumberOfStudyRelatedInstances !== found.length) {
      broken.unsound.push(
        `${StudyInstanceUID} counts ${study.NumberOfStudyRelatedInstances} instances and has ${found.length}`,
      )
    }
  }
  const shownUids = new Set(shown)
  if (shownUids.size !== shown.length) broken.doubled.push('an instance is shown twice')
  for (const SOPInstanceUID of contents.keys()) {
    if (!shownUids.has(SOPInstanceUID)) broken.missing.push(`${SOPInstanceUID}: there, and nobody finds it`)
  }
  const counts = await store.read.counts()
  if (counts.instances !== shown.length) broken.unsound.push(`${counts.instances} counted, ${shown.length} there`)
  const decisions = await lookAtDecisions(store, dataDir, promises, broken)
  return [[...contents].map(([uid, hashes]) => [uid, hashes.toSorted()]).toSorted(), shown.toSorted(), decisions]
}

/** All contents by the index's own word, and whether it is sound. */
function contentRows(dataDir: string, broken: Broken): Array<{ id: number; SOPInstanceUID: string }> {
  const db = new Database(join(dataDir, 'index.sqlite'), { readonly: true })
  try {
    const sound = db.pragma('integrity_check', { simple: true })
    if (sound !== 'ok') broken.unsound.push(`the index: ${sound}`)
    return db
      .prepare<[], { id: number; SOPInstanceUID: string }>(
        'SELECT content.id, SOPInstanceUID FROM content JOIN instance ON instance.id = content.instance',
      )
      .all()
  } finally {
    db.close()
  }
}

async function bytesOf(
  store: Store,
  contentId: number,
  SOPInstanceUID: string,
  broken: Broken,
): Promise<string | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      const object = await store.read.locateContent(contentId)
      return readObject(object, broken)
    } catch (error) {
      // It may just have been moved to its final place.
      if (attempt < 3) continue
      broken.different.push(`${SOPInstanceUID}: a row without bytes, content ${contentId}: ${error}`)
      return undefined
    }
  }
}

function readObject({ path, dataSetOffset, dataSetLength, SOPInstanceUID }: StoredObject, broken: Broken): string {
  const bytes = readFileSync(path)
  if (path.endsWith('.dcm')) {
    const meta = readFileMeta(bytes)
    if (meta?.MediaStorageSOPInstanceUID !== SOPInstanceUID || meta.dataSetOffset !== dataSetOffset) {
      broken.different.push(`${SOPInstanceUID}: its File Meta Information is damaged`)
    }
    if (bytes.length !== dataSetOffset + dataSetLength) {
      broken.different.push(
        `${SOPInstanceUID}: ${bytes.length} bytes in its file, not ${dataSetOffset + dataSetLength}`,
      )
    }
  }
  return sha256Of(bytes.subarray(dataSetOffset, dataSetOffset + dataSetLength))
}

/** In the index and in `decisions.log`, each the last answered one or one asked for after it. */
async function lookAtDecisions(store: Store, dataDir: string, promises: Promises, broken: Broken): Promise<string[]> {
  const logged = new Map<string, string>()
  for await (const decision of readDecisions(join(dataDir, 'decisions.log'))) {
    const { kind, StudyInstanceUID } = decision
    if (kind === 'reading') logged.set(`${kind} ${StudyInstanceUID}`, decision.status)
    else if (kind === 'priority') logged.set(`${kind} ${StudyInstanceUID}`, decision.priority)
    else if (kind === 'draft') logged.set(`${kind} ${StudyInstanceUID}`, draftValue(decision.draft))
  }
  const found: string[] = []
  for (const [key, { on, allowed, answered }] of promises.decisions) {
    if (!answered) continue
    const value = await decisionOf(store, on.what, on.StudyInstanceUID)
    found.push(`${key} ${value}`)
    if (!allowed.includes(value)) broken.undone.push(`${key} is ${value}, not ${allowed.join(' or ')}`)
    // A study nobody has looked at is new: that it stays so is not written down.
    const inLog = logged.get(key) ?? (on.what === 'reading' ? 'new' : undefined)
    if (on.what !== 'setting' && (inLog === undefined || !allowed.includes(inLog))) {
      broken.undone.push(`${key} is ${inLog} in decisions.log, not ${allowed.join(' or ')}`)
    }
  }
  return found
}

async function decisionOf(store: Store, what: string, StudyInstanceUID: string): Promise<string> {
  switch (what) {
    case 'reading':
      return (await store.read.getStudy(StudyInstanceUID)).study.reading.status
    case 'priority':
      return (await store.read.getStudy(StudyInstanceUID)).study.priority
    case 'draft':
      return draftValue((await store.read.getDraft(StudyInstanceUID, USER)).draft)
    default:
      return String((await store.read.getSettings(USER))[StudyInstanceUID])
  }
}

function draftValue(draft: unknown): string {
  return typeof draft === 'object' && draft !== null && 'n' in draft ? String(draft.n) : 'none'
}
