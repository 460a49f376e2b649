import { create } from 'zustand'
import type { StudySummary } from '../../shared/contract.ts'
import { openBin, openSamePatient } from '../bin/index.ts'
import type { ListActionId } from '../keys/index.ts'
import { findElsewhere } from '../network/index.ts'
import { announce, undoLast } from '../ui/index.ts'
import { isEverything, NO_FILTER } from './filters.ts'
import { usePreferences } from './preferences.ts'
import { rowEntries } from './rowEntries.ts'
import { allLists, BUILT_INS, chooseList, chosenList, deleteList } from './savedLists.ts'
import { rowOf } from './studyRows.ts'
import { reload, setFilter, useWorklist } from './worklistStore.ts'

const LIST_ID = ([1, 2, 3, 4, 5, 6, 7, 8, 9] as const).map(digit => `list-${digit}` as const)
export const LIST_IDS: readonly ListActionId[] = LIST_ID

/** As the place of the list that is named: one that is not kept yet. */
export const NAMING_NEW = -1
/** Which list's name is being written, by place among all. */
export const useNaming = create<{ naming: number | undefined }>(() => ({ naming: undefined }))

/** What the room itself must do: its field has the focus, its menu a place. */
interface Room {
  search: () => void
  openView: () => void
}

function chosenOwn(): number {
  const { lists, filter } = usePreferences.getState()
  return chosenList(lists, filter)
}

function save(): void {
  const { filter } = usePreferences.getState()
  if (chosenOwn() !== -1 || isEverything(filter)) announce('There is nothing to save: this list is there already')
  else useNaming.setState({ naming: NAMING_NEW })
}

function onOwnList(act: (index: number) => void): void {
  const index = chosenOwn()
  if (index < BUILT_INS) announce('Choose a list of your own first')
  else act(index)
}

let room: Room = { search: () => {}, openView: () => {} }

/** The room that is on the screen says where its field and its menu are. */
export function setRoom(here: Room): void {
  room = here
}

/** What the keys of the worklist do; the table itself has those of its rows that are letters or move in it. */
export function runListAction(id: ListActionId, open: (study: StudySummary) => void = () => {}): void {
  const { lists, filter } = usePreferences.getState()
  const place = LIST_IDS.indexOf(id)
  if (place !== -1) {
    const list = allLists(lists)[place]
    if (list !== undefined) chooseList(list)
    return
  }
  const done: Partial<Record<ListActionId, () => void>> = {
    'list-search': room.search,
    'list-elsewhere': () => findElsewhere(filter.search),
    'list-view': room.openView,
    'list-unfiltered': () => setFilter({ ...NO_FILTER, search: filter.search }),
    'list-save': save,
    'list-rename': () => onOwnList(naming => useNaming.setState({ naming })),
    'list-delete': () => onOwnList(index => deleteList(index - BUILT_INS)),
    'list-arrivals': () => void reload(),
    'list-deleted': openBin,
    'list-same': openSamePatient,
    'list-undo': () => void undoLast(),
  }
  done[id]?.()
  const { cursor } = useWorklist.getState()
  const study = cursor === undefined ? undefined : rowOf(cursor)
  const entry = study && rowEntries(study, () => open(study)).find(one => one.id === id)
  if (entry && !entry.disabled) entry.run()
}
