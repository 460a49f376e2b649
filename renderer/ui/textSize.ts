import { create } from 'zustand'

/** The text's size apart from the images', in per cent. */
export const TEXT_SIZES = [100, 110, 125, 150] as const

interface TextSize {
  percent: number
  /** Height of a row and of a control, CSS px: the table reckons with the very number that the style sheet has. */
  row: number
}

const ROW = 28

export const useTextSize = create<TextSize>(() => ({ percent: 100, row: ROW }))

export function setTextSize(percent: number): void {
  const size = Math.min(150, Math.max(100, percent))
  document.documentElement.style.setProperty('--text-size', String(size / 100))
  useTextSize.setState({ percent: size, row: Math.round((ROW * size) / 100) })
}

/** The next larger (1) or smaller (-1) size. */
export function stepTextSize(direction: 1 | -1): void {
  const at = TEXT_SIZES.findIndex(size => size >= useTextSize.getState().percent)
  setTextSize(TEXT_SIZES[at + direction] ?? useTextSize.getState().percent)
}
