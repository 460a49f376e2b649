import { create } from 'zustand'
import type { CallIn, StudySummary } from '../../shared/contract.ts'
import { call, onStationEvent, UnreachableError } from '../client.ts'
import { mergeStudies } from './mergeStudies.ts'

export type Sort = NonNullable<CallIn<'studies.list'>['sort']>

interface Worklist {
  studies: StudySummary[]
  total: number
  nextCursor: string | null
  search: string
  sort: Sort
  descending: boolean
  /** StudyInstanceUID of the cursor row: it stays with its study wherever that goes. */
  cursor: string | undefined
  /** Arrived while the list was held still. */
  pending: number
  state: 'loading' | 'ready' | 'failed' | 'unreachable'
  error: string
}

export const useWorklist = create<Worklist>(() => ({
  studies: [],
  total: 0,
  nextCursor: null,
  search: '',
  sort: 'lastReceived',
  descending: true,
  cursor: undefined,
  pending: 0,
  state: 'loading',
  error: '',
}))

const PAGE = 200
/** At most five times a second, the first at once: a row is painted well under 250 ms after its last image. */
const REFRESH_MS = 200

/** True while the list must not move: set by the table (scrolled, pointer over a row, cursor moved by hand). */
let hold: () => boolean = () => false
export function setHold(holds: () => boolean): void {
  hold = holds
}

let generation = 0
let retry: ReturnType<typeof setTimeout> | undefined

async function list(limit: number, cursor?: string) {
  const { search, sort, descending } = useWorklist.getState()
  return call('studies.list', { search, sort, descending, limit, ...(cursor === undefined ? {} : { cursor }) })
}

function failed(thrown: unknown): void {
  const unreachable = thrown instanceof UnreachableError
  useWorklist.setState({
    state: unreachable ? 'unreachable' : 'failed',
    error: thrown instanceof Error ? thrown.message : String(thrown),
  })
  clearTimeout(retry)
  if (unreachable) retry = setTimeout(() => void reload(), 2000)
}

/** Reads the list anew from its top. */
export async function reload(): Promise<void> {
  const asked = ++generation
  clearTimeout(retry)
  try {
    const page = await list(PAGE)
    if (asked !== generation) return
    const { studies, total, nextCursor } = page
    const { cursor } = useWorklist.getState()
    const kept = studies.some(study => study.StudyInstanceUID === cursor)
    useWorklist.setState({
      studies,
      total,
      nextCursor,
      pending: 0,
      state: 'ready',
      cursor: kept ? cursor : studies[0]?.StudyInstanceUID,
    })
  } catch (thrown) {
    if (asked === generation) failed(thrown)
  }
}

/** Reads again what is on the screen and merges it without moving what the reader aims at. */
async function refresh(): Promise<void> {
  const asked = generation
  const before = useWorklist.getState()
  if (before.state === 'loading') return
  try {
    const page = await list(Math.min(500, Math.max(PAGE, before.studies.length)))
    if (asked !== generation) return
    const { studies: shown, cursor, nextCursor } = useWorklist.getState()
    const { studies, pending } = mergeStudies(shown, page.studies, { hold: hold(), complete: page.nextCursor === null })
    useWorklist.setState({
      studies,
      pending,
      total: page.total,
      nextCursor: page.nextCursor !== null && shown.length > page.studies.length ? nextCursor : page.nextCursor,
      state: 'ready',
      cursor: cursor ?? studies[0]?.StudyInstanceUID,
    })
  } catch (thrown) {
    if (asked === generation) failed(thrown)
  }
}

let more = false
/** The next page, when the reader comes near the end of what is here. */
export async function loadMore(): Promise<void> {
  const { nextCursor, studies } = useWorklist.getState()
  if (more || nextCursor === null) return
  more = true
  const asked = generation
  try {
    const page = await list(PAGE, nextCursor)
    if (asked !== generation) return
    const known = new Set(studies.map(study => study.StudyInstanceUID))
    useWorklist.setState(({ studies: now }) => ({
      studies: [...now, ...page.studies.filter(study => !known.has(study.StudyInstanceUID))],
      nextCursor: page.nextCursor,
      total: page.total,
    }))
  } catch (thrown) {
    if (asked === generation) failed(thrown)
  } finally {
    more = false
  }
}

export function setSort(sort: Sort): void {
  const { sort: before, descending } = useWorklist.getState()
  const text = sort === 'PatientName' || sort === 'PatientID'
  useWorklist.setState({ sort, descending: sort === before ? !descending : !text })
  void reload()
}

let searching: ReturnType<typeof setTimeout> | undefined
export function setSearch(search: string): void {
  useWorklist.setState({ search })
  clearTimeout(searching)
  searching = setTimeout(() => void reload(), 150)
}

let due = 0
let timer: ReturnType<typeof setTimeout> | undefined
function refreshSoon(): void {
  if (timer !== undefined) return
  const wait = Math.max(0, due - performance.now())
  timer = setTimeout(() => {
    timer = undefined
    due = performance.now() + REFRESH_MS
    void refresh()
  }, wait)
}

/** Follows the station's events. Returns what stops it. */
export function followStation(): () => void {
  const stops = [
    onStationEvent('studies', refreshSoon),
    onStationEvent('again', refreshSoon),
    onStationEvent('connection', online => {
      if (online) refreshSoon()
    }),
  ]
  void reload()
  return () => {
    for (const stop of stops) stop()
  }
}
