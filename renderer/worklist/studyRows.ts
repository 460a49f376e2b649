import { useCallback, useSyncExternalStore } from 'react'
import type { StudySummary } from '../../shared/contract.ts'
import { call } from '../client.ts'

/** 4 MB at about 1 kB a row: a hundred screens. */
const KEPT = 4000
/** Rows of one request: read, checked and kept in 5 ms or so, so that a frame comes between two of them. */
const BLOCK = 100
/** One for what is seen, one for what comes next: with the events' connection four of the browser's six stay free. */
const REQUESTS = 2

/** Newest last; null = the station has no such study any more. */
const rows = new Map<number, StudySummary | null>()
const idByUID = new Map<string, number>()
const stale = new Set<number>()
/** Under way: what was asked for, and what gives it up. */
const requests = new Set<{ ids: Set<number>; giveUp: AbortController }>()
const listeners = new Map<number, Set<() => void>>()
/** Said here and not yet by the station. */
const proposed = new Map<number, Partial<StudySummary>>()
let seen: number[] = []
let near: number[] = []
let failed = false
let onFailure: (thrown: unknown) => void = () => {}

/** Told when rows could not be had; they are asked again by `retryRows`. */
export function onRowsFailed(handler: (thrown: unknown) => void): void {
  onFailure = handler
}

/** The table: told of every row that came or changed. */
let onPut: (id: number) => void = () => {}
export function onRowPut(handler: (id: number) => void): () => void {
  onPut = handler
  return () => {
    onPut = () => {}
  }
}

function notify(id: number): void {
  onPut(id)
  for (const listener of listeners.get(id) ?? []) listener()
}

function put(id: number, study: StudySummary | null): void {
  rows.delete(id)
  rows.set(id, study === null ? null : { ...study, ...proposed.get(id) })
  if (study !== null) idByUID.set(study.StudyInstanceUID, id)
  notify(id)
}

/** Rows as the station just gave them. */
export function putRows(studies: StudySummary[]): void {
  for (const study of studies) {
    stale.delete(study.id)
    put(study.id, study)
  }
  for (const [id, study] of rows) {
    if (rows.size <= KEPT) break
    // Whoever shows it, or is about to, would lose it.
    if (listeners.has(id) || seen.includes(id)) continue
    rows.delete(id)
    stale.delete(id)
    if (study !== null) idByUID.delete(study.StudyInstanceUID)
  }
}

/** undefined = not here yet, null = gone. */
export function rowOf(id: number | undefined): StudySummary | null | undefined {
  return id === undefined ? undefined : rows.get(id)
}

/** The row, drawn again when it (and nothing else) changes. */
export function useRow(id: number | undefined): StudySummary | null | undefined {
  const subscribe = useCallback(
    (listener: () => void) => {
      if (id === undefined) return () => {}
      const set = listeners.get(id) ?? new Set()
      listeners.set(id, set.add(listener))
      return () => {
        set.delete(listener)
        if (set.size === 0 && listeners.get(id) === set) listeners.delete(id)
      }
    },
    [id],
  )
  return useSyncExternalStore(subscribe, () => rowOf(id))
}

function isNeeded(id: number): boolean {
  if (rows.has(id) && !stale.has(id)) return false
  for (const { ids } of requests) if (ids.has(id)) return false
  return true
}

function pump(): void {
  while (!failed) {
    let ids = seen.filter(isNeeded)
    if (ids.length > 0) {
      if (requests.size === REQUESTS && !giveUpOvertaken()) return
    } else {
      // What comes next never takes both places: what is seen must find one free.
      if (requests.size > 0) return
      ids = near.filter(isNeeded)
      if (ids.length === 0) return
    }
    void ask(ids.slice(0, BLOCK))
  }
}

/** Whoever drags on does not wait for the places he has left: the oldest request of which nothing is seen any more makes room. */
function giveUpOvertaken(): boolean {
  for (const request of requests) {
    if (seen.some(id => request.ids.has(id))) continue
    requests.delete(request)
    request.giveUp.abort()
    // Those that were to be read again still are.
    for (const id of request.ids) if (rows.has(id)) stale.add(id)
    return true
  }
  return false
}

async function ask(ids: number[]): Promise<void> {
  const request = { ids: new Set(ids), giveUp: new AbortController() }
  const { signal } = request.giveUp
  requests.add(request)
  // What changes from here on is newer than the answer.
  for (const id of ids) stale.delete(id)
  try {
    const { studies } = await call('studies.rows', { ids }, signal)
    if (signal.aborted) return
    const changedMeanwhile = ids.filter(id => stale.has(id))
    putRows(studies)
    for (const id of changedMeanwhile) stale.add(id)
    const found = new Set(studies.map(study => study.id))
    for (const id of ids) if (!found.has(id)) put(id, null)
  } catch (thrown) {
    if (signal.aborted) return
    for (const id of ids) if (rows.has(id)) stale.add(id)
    failed = true
    onFailure(thrown)
  } finally {
    requests.delete(request)
  }
  pump()
}

/** Which rows are on the screen, and which lie around them: the former are asked for first, what was passed by is not asked at all. */
export function wantRows(onScreen: number[], around: number[]): void {
  seen = onScreen
  near = around
  // What is wanted now goes last: a row that is just being drawn has no listener yet.
  for (const id of [...around, ...onScreen]) {
    const study = rows.get(id)
    if (study !== undefined && rows.delete(id)) rows.set(id, study)
  }
  pump()
}

/** The station answers again. */
export function retryRows(): void {
  failed = false
  pump()
}

/** The station has something newer of these studies; undefined = of any. */
export function rowsChanged(StudyInstanceUIDs: string[] | undefined): void {
  const ids = StudyInstanceUIDs?.map(uid => idByUID.get(uid)) ?? [...rows.keys()]
  for (const id of ids) if (id !== undefined && rows.has(id)) stale.add(id)
  pump()
}

/** The row as the station has it now; undefined when it is gone. Rejects like `call`. */
export async function freshRow(id: number): Promise<StudySummary | undefined> {
  const { studies } = await call('studies.rows', { ids: [id] })
  putRows(studies)
  return studies[0]
}

/** The row from memory while no event has told of a change, otherwise as the station has it now; undefined when it is gone. Rejects like `call`. */
export async function currentRow(id: number): Promise<StudySummary | undefined> {
  return (stale.has(id) ? undefined : rows.get(id)) ?? freshRow(id)
}

/** What was decided is shown at once; `undefined` when the station has said it, or refused. */
export function proposeRow(id: number, change: Partial<StudySummary> | undefined): void {
  if (change === undefined) {
    proposed.delete(id)
    stale.add(id)
    pump()
    return
  }
  proposed.set(id, change)
  const study = rows.get(id)
  if (study) put(id, study)
}
