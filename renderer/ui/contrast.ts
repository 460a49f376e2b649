import { create } from 'zustand'

/** Whether the tokens of high contrast hold (tokens.css). */
export const useContrast = create<{ high: boolean }>(() => ({ high: false }))

export function setContrast(high: boolean): void {
  if (high) document.documentElement.dataset.contrast = 'high'
  else delete document.documentElement.dataset.contrast
  useContrast.setState({ high })
}
