import { z } from 'zod'
import { create } from 'zustand'
import { studySort } from '../../shared/contract.ts'
import { call, UnreachableError } from '../client.ts'
import { keptSettings } from '../keptSettings.ts'
import { announceFailure, setTextSize, useTextSize } from '../ui/index.ts'
import { type ColumnChoice, completeColumns } from './columns.ts'
import { listFilter, NO_FILTER } from './filters.ts'

const KEY = 'worklist'
/** A drag of a column's edge or a burst of clicks is one write. */
const WRITE_MS = 300
const RETRY_MS = 5000
/** What a bar can hold, and the counts of one call (`studies.counts`) with the built-in lists. */
export const MAX_LISTS = 40

const savedList = z.object({
  name: z.string().min(1).max(60),
  filter: listFilter,
  sort: studySort,
  descending: z.boolean(),
})
export type SavedList = z.infer<typeof savedList>

/** Stored by whatever version: each part that cannot be read is as new, the others are kept. */
const stored = z.object({
  columns: z
    .array(z.object({ key: z.string(), width: z.number().optional(), hidden: z.boolean().optional() }))
    .max(100)
    .catch([]),
  sort: studySort.catch('lastReceived'),
  descending: z.boolean().catch(true),
  filter: listFilter.catch(NO_FILTER),
  lists: z.array(savedList).max(MAX_LISTS).catch([]),
  textSize: z.number().catch(100),
})

interface Preferences {
  columns: ColumnChoice[]
  sort: z.infer<typeof studySort>
  descending: boolean
  /** What is searched for belongs to the moment: it is not kept. */
  filter: z.infer<typeof listFilter>
  lists: SavedList[]
}

/** How this user has the worklist. Changed by `changePreferences` alone, which also keeps it in the station. */
export const usePreferences = create<Preferences>(() => ({
  columns: completeColumns([]),
  sort: 'lastReceived',
  descending: true,
  filter: NO_FILTER,
  lists: [],
}))

let loading: Promise<void> | undefined

/** Reads what was kept, once; asked again after a failure. Rejects like `call`. */
export function loadPreferences(): Promise<void> {
  loading ??= readPreferences().catch(thrown => {
    loading = undefined
    throw thrown
  })
  return loading
}

async function readPreferences(): Promise<void> {
  const settings = await keptSettings()
  const { columns, textSize, ...found } = stored.parse(settings[KEY] ?? {})
  usePreferences.setState({ ...found, columns: completeColumns(columns) })
  setTextSize(textSize)
  useTextSize.subscribe(writeSoon)
}

export function changePreferences(change: Partial<Preferences>): void {
  usePreferences.setState(change)
  writeSoon()
}

let due: ReturnType<typeof setTimeout> | undefined
function writeSoon(): void {
  clearTimeout(due)
  due = setTimeout(() => void write(), WRITE_MS)
}

async function write(): Promise<void> {
  due = undefined
  try {
    // Never over what could not be read.
    await loadPreferences()
    const { filter, ...preferences } = usePreferences.getState()
    const value = { ...preferences, filter: { ...filter, search: '' }, textSize: useTextSize.getState().percent }
    await call('settings.set', { key: KEY, value: z.json().parse(JSON.parse(JSON.stringify(value))) })
  } catch (thrown) {
    if (thrown instanceof UnreachableError) due = setTimeout(() => void write(), RETRY_MS)
    else announceFailure('The worklist’s settings could not be kept.', thrown)
  }
}

// A window that is closed right after a change still keeps it.
globalThis.addEventListener?.('pagehide', () => {
  if (due !== undefined) {
    clearTimeout(due)
    void write()
  }
})
