import { create } from 'zustand'
import type { StudySummary } from '../../../shared/contract.ts'
import type { FoundStudy } from '../../../shared/network.ts'
import { isAskable, isListedOfPatient } from '../../../shared/viewing/compare/priors.ts'
import { replaceJob } from '../../activity/index.ts'
import { call } from '../../client.ts'
import { t, whyOf } from '../../i18n/index.ts'
import { searchNode } from '../../network/index.ts'
import { announceFailure } from '../../ui/index.ts'

/** A study of the patient that an archive lists and this station does not have. */
export interface RemoteStudy {
  found: FoundStudy
  node: { name: string; AET: string }
}

interface Priors {
  listed: boolean
  /** Counts the times it was asked for: the list takes the keys then. */
  asked: number
  /** '' = all. */
  modality: string
  /** By Study Instance UID. */
  remote: ReadonlyMap<string, RemoteStudy>
  /** Archives that are being asked. */
  asking: number
  /** Archives that did not answer, by name, with why. */
  silent: ReadonlyMap<string, string>
  /** The jobs that bring studies, by Study Instance UID. */
  fetching: ReadonlyMap<string, string>
}

const EMPTY = {
  modality: '',
  remote: new Map<string, RemoteStudy>(),
  asking: 0,
  silent: new Map<string, string>(),
}

export const usePriors = create<Priors>(() => ({ ...EMPTY, listed: false, asked: 0, fetching: new Map() }))

export function togglePriors(): void {
  usePriors.setState(({ listed, asked }) => ({ listed: !listed, asked: asked + 1 }))
}

export function forgetPriors(): void {
  usePriors.setState(EMPTY)
}

/** Asked for one study; the others would keep a hospital's archives busy with one reader's clicks. */
const MOST_NODES = 8
const AT_ONCE = 2
/** Of one archive. */
const MOST_STUDIES = 500
/** An archive that thinks longer is not waited for. */
const PATIENCE_MS = 30_000

/** Asks the configured archives for this patient's studies until `signal` ends it. What fails is said in the list, quietly. */
export async function askArchives(study: StudySummary, signal: AbortSignal): Promise<void> {
  if (!isAskable(study)) return
  const { nodes } = await call('nodes.list', {}).catch(() => ({ nodes: [] }))
  const waiting = nodes.slice(0, MOST_NODES).values()
  const ask = async () => {
    for (const { name, AET } of waiting) {
      if (signal.aborted) return
      usePriors.setState(({ asking }) => ({ asking: asking + 1 }))
      const why = await askNode({ name, AET }, study, signal)
      // Another study is on the screen: its count is another one.
      if (signal.aborted) return
      usePriors.setState(({ asking, silent }) => ({
        asking: asking - 1,
        ...(why !== '' && { silent: new Map(silent).set(name, why) }),
      }))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, ask))
}

/** Why it did not come to its end; '' where it did. */
async function askNode(node: RemoteStudy['node'], study: StudySummary, signal: AbortSignal): Promise<string> {
  const search = { name: '', PatientID: study.PatientID, AccessionNumber: '', from: '', to: '' }
  const late = AbortSignal.timeout(PATIENCE_MS)
  let count = 0
  const enough = new AbortController()
  const take = (rows: FoundStudy[]) => {
    if (signal.aborted) return
    count += rows.length
    if (count >= MOST_STUDIES) enough.abort()
    const theirs = rows.filter(found => isListedOfPatient(found, study))
    usePriors.setState(({ remote }) => {
      const next = new Map(remote)
      // The first archive that lists it is asked for it.
      for (const found of theirs)
        if (!next.has(found.StudyInstanceUID)) next.set(found.StudyInstanceUID, { found, node })
      return { remote: next }
    })
  }
  try {
    const why = await searchNode(node.AET, search, take, AbortSignal.any([signal, late, enough.signal]))
    if (late.aborted) return t('does not answer in time')
    return enough.signal.aborted ? t('lists more than {{number}} studies', { number: MOST_STUDIES }) : why
  } catch (thrown) {
    return whyOf(thrown)
  }
}

/** Brings a study that an archive has. */
export async function fetchPrior({ found, node }: RemoteStudy): Promise<void> {
  const { StudyInstanceUID } = found
  if (usePriors.getState().fetching.has(StudyInstanceUID)) return
  try {
    const job = await call('fetch.start', { AET: node.AET, StudyInstanceUID })
    replaceJob(job)
    usePriors.setState(({ fetching }) => ({ fetching: new Map(fetching).set(StudyInstanceUID, job.id) }))
  } catch (thrown) {
    announceFailure('The study could not be fetched.', thrown)
  }
}

/** It may be asked for again. */
export function forgetFetch(StudyInstanceUID: string): void {
  usePriors.setState(({ fetching }) => {
    const next = new Map(fetching)
    next.delete(StudyInstanceUID)
    return { fetching: next }
  })
}
