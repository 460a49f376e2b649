import { create } from 'zustand'
import type { CallOut, StudyFilter, StudySummary } from '../../shared/contract.ts'
import { call, onStationEvent, UnreachableError } from '../client.ts'
import { whyOf } from '../i18n/index.ts'
import { isUnfiltered, type ListFilter, studyFilterOf } from './filters.ts'
import { changePreferences, loadPreferences, usePreferences } from './preferences.ts'
import { decodeIds, StudyOrder } from './studyOrder.ts'
import { onRowsFailed, putRows, retryRows, rowOf, rowsChanged } from './studyRows.ts'

interface Worklist {
  /** The list as it stands. */
  order: StudyOrder
  /** How many of its studies are known by now: what a reader of `order` redraws by. */
  length: number
  /** How many it has when all its pages are here. */
  total: number
  /** The cursor row's study: it stays with it wherever that goes. */
  cursor: number | undefined
  /** Arrived while the list was held still. */
  pending: number
  /** Arrived since, and not shown: because of their date, because of another condition. */
  hidden: { date: number; other: number }
  /** Seen in the rows that came: the station's own count of them (savedLists.ts) lags. */
  modalities: string[]
  state: 'loading' | 'ready' | 'failed' | 'unreachable'
  error: string
  /** Counts every list that was begun: its table begins at the top. */
  begun: number
}

export const useWorklist = create<Worklist>(() => ({
  order: new StudyOrder(),
  length: 0,
  total: 0,
  cursor: undefined,
  pending: 0,
  hidden: { date: 0, other: 0 },
  modalities: [],
  state: 'loading',
  error: '',
  begun: 0,
}))

const MOST_LISTED = 500
/** More than a screen: the first page is painted, the order of the rest comes behind it. */
const PAGE = 100
const ORDER_PAGE = 20_000
/** At most five times a second, the first at once: a row is painted well under 250 ms after its last image. */
const REFRESH_MS = 200
/** A list that stands is only told how many are new. */
const ARRIVALS_MS = 500
/** Reading the whole order anew costs the station some 20 ms for each 100,000 studies. */
const RESYNC_MS = 5000
const TYPING_MS = 120
const RETRY_MS = 2000

/** True while the list must not move: set by the table (scrolled, pointer over a row, cursor moved by hand). */
let hold: () => boolean = () => false
export function setHold(holds: () => boolean): void {
  hold = holds
}

let aborter = new AbortController()
let retry: ReturnType<typeof setTimeout> | undefined
/** What is shown is not what was last asked for: it could not be read. */
let outdated = false
/** Where the feed stood when the list was read: what has changed since may be missing in it. */
let watermark = 0
/** By the station's clock, at or before the moment the list was begun: what was first received since, the reader has not seen come. */
let begunAt = 0

function query(): StudyFilter & Pick<ReturnType<typeof usePreferences.getState>, 'sort' | 'descending'> {
  const { filter, sort, descending } = usePreferences.getState()
  return { ...studyFilterOf(filter, new Date()), sort, descending }
}

function failed(thrown: unknown): void {
  const unreachable = thrown instanceof UnreachableError
  useWorklist.setState({
    state: unreachable ? 'unreachable' : 'failed',
    error: whyOf(thrown),
  })
  clearTimeout(retry)
  if (unreachable) retry = setTimeout(() => void recover(), RETRY_MS)
}

/** After an interruption: a list that stands is not begun anew under the reader. */
function recover(): Promise<unknown> {
  return outdated || !useWorklist.getState().order.complete ? reload() : refresh()
}

interface FirstPage {
  page: CallOut<'studies.list'>
  since: number
}

async function firstPage(signal: AbortSignal): Promise<FirstPage> {
  const [newest, page] = await Promise.all([
    // A few, as STAT studies of any age stand on top.
    call('studies.list', { limit: 10 }, signal),
    call('studies.list', { ...query(), limit: PAGE }, signal),
  ])
  return { page, since: Math.max(0, ...newest.studies.map(study => study.lastReceived)) }
}

function take(studies: StudySummary[]): void {
  putRows(studies)
  const { modalities } = useWorklist.getState()
  const all = new Set([...modalities, ...studies.flatMap(study => study.ModalitiesInStudy)])
  if (all.size > modalities.length) useWorklist.setState({ modalities: [...all] })
}

/** The rest of an order, page by page. */
async function* furtherPages(cursor: string | null, signal: AbortSignal): AsyncGenerator<Uint32Array> {
  const asked = query()
  while (cursor !== null) {
    const page: CallOut<'studies.order'> = await call('studies.order', { ...asked, limit: ORDER_PAGE, cursor }, signal)
    yield decodeIds(page.ids)
    cursor = page.nextCursor
  }
}

/** Begins the list anew, from its top. Resolves to false when another was begun meanwhile or it could not be read. */
export async function reload(): Promise<boolean> {
  aborter.abort()
  aborter = new AbortController()
  const { signal } = aborter
  clearTimeout(retry)
  clearTimeout(typing)
  outdated = true
  try {
    await loadPreferences()
    const { page, since } = await firstPage(signal)
    if (signal.aborted) return false
    outdated = false
    watermark = page.seq
    begunAt = since
    take(page.studies)
    const order = new StudyOrder(page.studies.map(study => study.id))
    order.complete = page.nextCursor === null
    useWorklist.setState(({ cursor, begun }) => ({
      order,
      length: order.length,
      total: page.total,
      pending: 0,
      hidden: { date: 0, other: 0 },
      state: 'ready',
      cursor: cursor !== undefined && order.has(cursor) ? cursor : order.at(0),
      begun: begun + 1,
    }))
    retryRows()
    void readRest(page.nextCursor, signal)
    return true
  } catch (thrown) {
    if (!signal.aborted) failed(thrown)
    return false
  }
}

async function readRest(cursor: string | null, signal: AbortSignal): Promise<void> {
  try {
    for await (const ids of furtherPages(cursor, signal)) {
      if (signal.aborted) return
      // Not the one it began with: what arrived meanwhile may have been let in at its top.
      const { order } = useWorklist.getState()
      order.append(ids)
      useWorklist.setState({ length: order.length })
    }
    const { order } = useWorklist.getState()
    order.complete = true
    useWorklist.setState({ total: order.length })
  } catch (thrown) {
    if (!signal.aborted) failed(thrown)
  }
}

/** What arrived comes in at the top of a list that nobody aims at. */
async function letIn(signal: AbortSignal): Promise<void> {
  const page = await call('studies.list', { ...query(), limit: PAGE }, signal)
  if (signal.aborted || hold()) return
  take(page.studies)
  const { order: before, cursor } = useWorklist.getState()
  const ids = page.studies.map(study => study.id)
  const whole = page.nextCursor === null
  const order = whole ? new StudyOrder(ids) : before.withTop(ids)
  if (whole) order.complete = true
  useWorklist.setState({
    order,
    length: order.length,
    total: order.complete ? order.length : page.total,
    pending: 0,
    state: 'ready',
    cursor: cursor ?? order.at(0),
  })
  if (order.complete && order.length === page.total) watermark = page.seq
  else if (order.complete) resyncSoon()
}

/** A list that stands: what has come, or has become one of its studies, is only counted. */
async function countArrivals(signal: AbortSignal): Promise<void> {
  const { order } = useWorklist.getState()
  if (!order.complete) return
  const { ids } = await call('studies.order', { ...query(), changedSince: watermark, limit: ORDER_PAGE }, signal)
  if (signal.aborted) return
  const pending = decodeIds(ids).filter(id => !order.has(id)).length
  useWorklist.setState({ pending, state: 'ready' })
}

async function refresh(): Promise<void> {
  const { signal } = aborter
  // One that is being read brings what is new; one that could not be read is read again by its own timer.
  if (outdated) return
  try {
    await (hold() ? countArrivals(signal) : letIn(signal))
    retryRows()
  } catch (thrown) {
    if (!signal.aborted) failed(thrown)
  }
}

let resyncing: ReturnType<typeof setTimeout> | undefined
/** What arrived further down than the first page finds its place when the whole order is read again. */
function resyncSoon(): void {
  if (resyncing !== undefined) return
  resyncing = setTimeout(async () => {
    const { signal } = aborter
    try {
      if (!hold()) await resync(signal)
    } catch (thrown) {
      if (!signal.aborted) failed(thrown)
    } finally {
      resyncing = undefined
    }
  }, RESYNC_MS)
}

async function resync(signal: AbortSignal): Promise<void> {
  const page = await call('studies.list', { ...query(), limit: PAGE }, signal)
  const order = new StudyOrder(page.studies.map(study => study.id))
  for await (const ids of furtherPages(page.nextCursor, signal)) order.append(ids)
  if (signal.aborted || hold()) return
  order.complete = true
  watermark = page.seq
  putRows(page.studies)
  useWorklist.setState({ order, length: order.length, total: order.length, pending: 0 })
  refreshSoon()
}

export function setFilter(change: Partial<ListFilter>): void {
  const { filter } = usePreferences.getState()
  changePreferences({ filter: { ...filter, ...change } })
  void reload()
}

let typing: ReturnType<typeof setTimeout> | undefined
/** Each key shows in the box at once; the list follows when the typing pauses. */
export function setSearch(search: string): void {
  const { filter } = usePreferences.getState()
  usePreferences.setState({ filter: { ...filter, search } })
  clearTimeout(typing)
  typing = setTimeout(() => void reload(), TYPING_MS)
}

let refreshing = false
/** Asked for while one was running. */
let again = false
let due = 0
let timer: ReturnType<typeof setTimeout> | undefined
function refreshSoon(): void {
  if (timer !== undefined || refreshing) {
    again = refreshing
    return
  }
  timer = setTimeout(
    async () => {
      timer = undefined
      refreshing = true
      const started = performance.now()
      await refresh()
      refreshing = false
      const now = performance.now()
      // However much has changed since the list was read: counting it takes at most a fifth of the station's time.
      due = now + (hold() ? Math.max(ARRIVALS_MS, 4 * (now - started)) : REFRESH_MS)
      if (again) refreshSoon()
      again = false
    },
    Math.max(0, due - performance.now()),
  )
}

let countDue: ReturnType<typeof setTimeout> | undefined
/** A list that hides what just arrived says so. */
function countHiddenSoon(): void {
  const { filter } = usePreferences.getState()
  // Who searches for somebody does not miss the others.
  if (countDue !== undefined || isUnfiltered(filter) || filter.search !== '') return
  countDue = setTimeout(async () => {
    countDue = undefined
    const { signal } = aborter
    const { filter: asked } = usePreferences.getState()
    const since = (one: StudyFilter) => ({ ...one, receivedSince: Math.max(begunAt + 1, one.receivedSince ?? 0) })
    const now = new Date()
    const question = studyFilterOf(asked, now)
    try {
      const { counts } = await call(
        'studies.counts',
        { filters: [since({}), since({ ...question, from: '', to: '' }), since(question)] },
        signal,
      )
      if (signal.aborted) return
      const [all = 0, anyDate = 0, shown = 0] = counts.map(one => one.total)
      useWorklist.setState({ hidden: { date: anyDate - shown, other: all - anyDate } })
    } catch {
      // The list itself says that the station is away, and tries again.
    }
  }, 1000)
}

/** The first studies of the list, as far as they were read. */
export function listedRows(): StudySummary[] {
  const { order, length } = useWorklist.getState()
  return Array.from({ length: Math.min(length, MOST_LISTED) }, (_, place) => rowOf(order.at(place))).filter(
    row => row !== undefined && row !== null,
  )
}

/** Follows the station's events. Returns what stops it. */
export function followStation(): () => void {
  onRowsFailed(failed)
  const changed = (StudyInstanceUIDs: string[] | undefined) => {
    rowsChanged(StudyInstanceUIDs)
    refreshSoon()
    countHiddenSoon()
  }
  const stops = [
    onStationEvent('studies', ({ StudyInstanceUIDs }) => changed(StudyInstanceUIDs)),
    onStationEvent('again', () => changed(undefined)),
    onStationEvent('connection', online => {
      if (!online) return
      if (outdated && useWorklist.getState().state !== 'loading') void reload()
      changed(undefined)
    }),
  ]
  void reload()
  return () => {
    for (const stop of stops) stop()
  }
}
