import { create } from 'zustand'
import { call, onStationEvent } from '../client.ts'
import { msg, t } from '../i18n/index.ts'
import { announce } from '../ui/index.ts'
import { type ListFilter, listFilter, NO_FILTER, sameFilter, studyFilterOf, UNREAD } from './filters.ts'
import { changePreferences, MAX_LISTS, type SavedList, usePreferences } from './preferences.ts'
import { reload } from './worklistStore.ts'

const arrivedFirst = { sort: 'lastReceived', descending: true } as const

/** What every user has. */
const BUILT_IN: readonly SavedList[] = [
  { name: msg('All studies'), filter: NO_FILTER, ...arrivedFirst },
  { name: msg('Just arrived'), filter: listFilter.parse({ arrivedWithin: 60 }), ...arrivedFirst },
  { name: msg('Unread'), filter: listFilter.parse({ statuses: UNREAD }), ...arrivedFirst },
  { name: msg('STAT'), filter: listFilter.parse({ statuses: UNREAD, priorities: ['stat'] }), ...arrivedFirst },
]
export const BUILT_INS = BUILT_IN.length

export function allLists(own: SavedList[]): SavedList[] {
  return [...BUILT_IN, ...own]
}

interface Count {
  total: number
  unread: number
}

interface Counts {
  /** By place in `allLists`; empty until the station has counted. */
  lists: Count[]
  /** Modalities the station has studies of. */
  modalities: string[]
}

export const useCounts = create<Counts>(() => ({ lists: [], modalities: [] }))

/** Commonest first, as the chips stand (PS3.3 C.7.3.1.1.1). One that is not among them has a chip once a row with it was seen. */
const MODALITIES = [
  ...[
    'CT',
    'MR',
    'CR',
    'DX',
    'MG',
    'US',
    'NM',
    'PT',
    'XA',
    'RF',
    'IO',
    'PX',
    'OT',
    'SC',
    'ES',
    'GM',
    'SM',
    'OP',
    'OPT',
  ],
  ...['ECG', 'RTIMAGE', 'RTSTRUCT', 'RTPLAN', 'RTDOSE', 'SR', 'DOC', 'SEG', 'REG', 'BMD', 'IVUS'],
]

/** Commonest first; one that no table knows stands last. */
export function inUsualOrder(modalities: Iterable<string>): string[] {
  const place = (one: string) => (MODALITIES.indexOf(one) + MODALITIES.length + 1) % (MODALITIES.length + 1)
  return [...new Set(modalities)].toSorted((one, other) => place(one) - place(other) || one.localeCompare(other))
}

export function chooseList(list: SavedList): void {
  changePreferences({ filter: list.filter, sort: list.sort, descending: list.descending })
  void reload()
}

/** -1 when what is shown is none of the lists. */
export function chosenList(own: SavedList[], filter: ListFilter): number {
  return allLists(own).findIndex(list => sameFilter(list.filter, filter))
}

/** Keeps what is shown under a name; the same name again changes that list. False when there is no place for more. */
export function saveList(name: string): boolean {
  const { lists, filter, sort, descending } = usePreferences.getState()
  const list = { name, filter, sort, descending }
  const at = lists.findIndex(one => one.name === name)
  if (at === -1 && lists.length >= MAX_LISTS) return false
  changePreferences({ lists: at === -1 ? [...lists, list] : lists.with(at, list) })
  announce(t('Saved as “{{name}}”', { name }), async () => changePreferences({ lists }))
  return true
}

/** Names are what a reader tells lists by: one that is taken is not given twice. */
export function renameList(index: number, name: string): boolean {
  const { lists } = usePreferences.getState()
  const list = lists[index]
  if (list === undefined || lists.some((one, at) => at !== index && one.name === name)) return false
  if (list.name !== name) changePreferences({ lists: lists.with(index, { ...list, name }) })
  return true
}

export function deleteList(index: number): void {
  const { lists } = usePreferences.getState()
  const list = lists[index]
  if (list === undefined) return
  changePreferences({ lists: lists.toSpliced(index, 1) })
  announce(t('List “{{name}}” deleted', { name: list.name }), async () => {
    const { lists: now } = usePreferences.getState()
    changePreferences({ lists: now.toSpliced(index, 0, list) })
  })
}

async function count(): Promise<void> {
  const now = new Date()
  const filters = allLists(usePreferences.getState().lists).map(list => studyFilterOf(list.filter, now))
  const { counts } = await call('studies.counts', { filters })
  useCounts.setState({ lists: counts })
}

async function findModalities(): Promise<void> {
  const { counts } = await call('studies.counts', { filters: MODALITIES.map(one => ({ modalities: [one] })) })
  useCounts.setState({ modalities: MODALITIES.filter((_, index) => (counts[index]?.total ?? 0) > 0) })
}

/** Counts are read again when something changed, and take at most a fifth of the station's time. */
const COUNT_MS = 1000
const MOST_COUNT_MS = 10_000
/** Modalities come rarely, and "just arrived" grows old by itself. */
const RECOUNT_MS = 60_000

/** Keeps the lists' counts. Returns what stops it. */
export function followCounts(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let running = false
  let again = false
  let due = 0
  const run = async () => {
    const started = performance.now()
    timer = undefined
    running = true
    again = false
    try {
      await count()
    } catch {
      // Unreachable is said by the list itself; the next event counts again.
    }
    due = performance.now() + Math.min(MOST_COUNT_MS, Math.max(COUNT_MS, 5 * (performance.now() - started)))
    running = false
    if (again) soon()
  }
  const soon = () => {
    if (running) again = true
    else timer ??= setTimeout(() => void run(), Math.max(0, due - performance.now()))
  }
  /** A list that was just made is not shown without its count. */
  const now = () => {
    clearTimeout(timer)
    timer = undefined
    due = 0
    soon()
  }
  const stops = [
    onStationEvent('studies', soon),
    onStationEvent('again', soon),
    onStationEvent('connection', online => online && soon()),
    usePreferences.subscribe((after, before) => after.lists !== before.lists && now()),
  ]
  soon()
  // Only chips: without them the rows' own modalities have theirs.
  const look = () => void findModalities().catch(() => {})
  look()
  const recount = setInterval(() => {
    soon()
    look()
  }, RECOUNT_MS)
  return () => {
    for (const stop of stops) stop()
    clearInterval(recount)
    clearTimeout(timer)
  }
}
