/** A paper, mm, upright. */
export const PAPERS = {
  A4: { width: 210, height: 297 },
  A3: { width: 297, height: 420 },
  Letter: { width: 215.9, height: 279.4 },
  Legal: { width: 215.9, height: 355.6 },
} as const

export interface SheetLayout {
  paper: keyof typeof PAPERS
  landscape: boolean
  rows: number
  columns: number
  /** mm, on all sides. */
  margin: number
}

/** Width and height of a sheet, mm. */
export function paperSize({
  paper,
  landscape,
}: Pick<SheetLayout, 'paper' | 'landscape'>): [width: number, height: number] {
  const { width, height } = PAPERS[paper]
  return landscape ? [height, width] : [width, height]
}

/** Every `step`-th of `count` places, from `first` on. */
export function everyNth(count: number, step: number, first = 0): number[] {
  const places: number[] = []
  for (let place = first; place < count; place += Math.max(1, Math.floor(step))) places.push(place)
  return places
}

/** What stands on each sheet, in reading order; one empty sheet where there is nothing. */
export function onSheets<T>(pictures: readonly T[], { rows, columns }: Pick<SheetLayout, 'rows' | 'columns'>): T[][] {
  const each = Math.max(1, rows * columns)
  const sheets: T[][] = []
  for (let at = 0; at < pictures.length; at += each) sheets.push(pictures.slice(at, at + each))
  return sheets.length > 0 ? sheets : [[]]
}
