import type { StudySort } from '../../shared/contract.ts'

export interface Column {
  key: string
  /** In the menu and on hover. */
  name: string
  /** In the table's head, where the name is too long for it. */
  short?: string
  sort?: StudySort
  /** CSS px at 100 % text size. */
  width: number
  /** Takes what is left over until it is given a width by hand. */
  grows?: number
  /** Not shown until it is asked for. */
  hidden?: boolean
}

/** Every column, in the order a new user finds them. Those that are shown at first fit into a window of 1280 px. */
export const COLUMNS: readonly Column[] = [
  { key: 'status', name: 'Status', short: '', sort: 'reading', width: 30 },
  { key: 'priority', name: 'Priority', short: '!', sort: 'priority', width: 44 },
  { key: 'name', name: 'Name', sort: 'PatientName', width: 150, grows: 2 },
  { key: 'id', name: 'ID', sort: 'PatientID', width: 80, grows: 1 },
  { key: 'birth', name: 'Birth date and age', short: 'Born', sort: 'PatientBirthDate', width: 108 },
  { key: 'sex', name: 'Sex', sort: 'PatientSex', width: 38 },
  { key: 'date', name: 'Study date and time', short: 'Study date', sort: 'StudyDate', width: 118 },
  { key: 'arrived', name: 'Arrived', sort: 'lastReceived', width: 132 },
  { key: 'modality', name: 'Modality', short: 'Mod', sort: 'ModalitiesInStudy', width: 56 },
  { key: 'bodyPart', name: 'Body part', sort: 'BodyPartExamined', width: 76 },
  { key: 'description', name: 'Description', sort: 'StudyDescription', width: 112, grows: 2 },
  { key: 'accession', name: 'Accession', sort: 'AccessionNumber', width: 74 },
  { key: 'images', name: 'Images', sort: 'NumberOfStudyRelatedInstances', width: 68 },
  { key: 'custody', name: 'Not on the server', short: 'Out', width: 40 },
  { key: 'priors', name: 'Priors', sort: 'priors', width: 46 },
  { key: 'institution', name: 'Institution', sort: 'InstitutionName', width: 130, hidden: true },
  { key: 'station', name: 'Station', sort: 'StationName', width: 100, hidden: true },
  { key: 'referrer', name: 'Referrer', sort: 'ReferringPhysicianName', width: 130, hidden: true },
  { key: 'from', name: 'From', width: 64, grows: 1 },
  { key: 'flags', name: 'Flags', short: '', width: 28 },
]

const BY_KEY = new Map(COLUMNS.map(column => [column.key, column]))
export const MIN_WIDTH = 28
const MAX_WIDTH = 800

/** What a user has set: columns in his order, a width where he gave one. */
export type ColumnChoice = { key: string; width?: number | undefined; hidden?: boolean | undefined }

export function defaultColumns(): ColumnChoice[] {
  return COLUMNS.map(({ key, hidden }) => (hidden ? { key, hidden } : { key }))
}

/** What was stored, by a version that may have had other columns: unknown ones go, new ones stand where they were put. */
export function completeColumns(stored: ColumnChoice[]): ColumnChoice[] {
  const known = stored.filter(
    (one, index) => BY_KEY.has(one.key) && stored.findIndex(other => other.key === one.key) === index,
  )
  const chosen = known.map(one => (one.width === undefined ? one : { ...one, width: boundWidth(one.width) }))
  for (const [index, column] of defaultColumns().entries()) {
    if (!chosen.some(one => one.key === column.key)) chosen.splice(Math.min(index, chosen.length), 0, column)
  }
  return chosen
}

export function shownColumns(chosen: ColumnChoice[]): Array<Column & { set?: number | undefined }> {
  return chosen.flatMap(({ key, width, hidden }) => {
    const column = BY_KEY.get(key)
    return column === undefined || hidden ? [] : [{ ...column, set: width }]
  })
}

export function boundWidth(width: number): number {
  return Math.round(Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, width)))
}

/** `grid-template-columns`; `scale` is the text's size (1 = 100 %). What nobody takes is left at the end. */
export function gridTemplate(chosen: ColumnChoice[], scale: number): string {
  const tracks = shownColumns(chosen).map(({ width, grows, set }) =>
    set === undefined && grows !== undefined
      ? `minmax(${Math.round(width * scale)}px, ${grows}fr)`
      : `${Math.round((set ?? width) * scale)}px`,
  )
  return [...tracks, tracks.some(track => track.endsWith('fr)')) ? '0' : 'minmax(0, 1fr)'].join(' ')
}

/** What the columns need at least, px: past it the table scrolls sideways. */
export function leastWidth(chosen: ColumnChoice[], scale: number): number {
  return shownColumns(chosen).reduce((sum, { width, set }) => sum + Math.round((set ?? width) * scale), 0)
}

/** The column `key` put before the column `before` (undefined: at the end). */
export function moveColumn(chosen: ColumnChoice[], key: string, before: string | undefined): ColumnChoice[] {
  const moved = chosen.find(one => one.key === key)
  if (moved === undefined || key === before) return chosen
  const rest = chosen.filter(one => one.key !== key)
  const at = rest.findIndex(one => one.key === before)
  return at === -1 ? [...rest, moved] : rest.toSpliced(at, 0, moved)
}

/** The column `key` one place to the left (-1) or right (1) among those that are shown. */
export function stepColumn(chosen: ColumnChoice[], key: string, direction: 1 | -1): ColumnChoice[] {
  const shown = shownColumns(chosen)
  const at = shown.findIndex(column => column.key === key)
  const target = at + direction
  if (at === -1 || target < 0 || target >= shown.length) return chosen
  return moveColumn(chosen, key, direction === -1 ? shown[target]?.key : shown[target + 1]?.key)
}

export function changeColumn(chosen: ColumnChoice[], key: string, change: Partial<ColumnChoice>): ColumnChoice[] {
  return chosen.map(one => (one.key === key ? { ...one, ...change } : one))
}
