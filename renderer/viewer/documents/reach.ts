/** What a pane's document does with the keys that move and zoom pictures. */
export interface Reach {
  /** CSS pixels; false when it is at its end already. */
  scroll(by: number): boolean
  zoom(factor: number): void
  /** How much of it is seen at once, CSS pixels. */
  page(): number
  /** The whole of it in the pane, or one of its pixels on one of the screen's; absent where there is no such thing. */
  fit?(): void
  oneToOne?(): void
}

const open = new Map<string, Reach>()

/** The document of a pane is open. Returns what ends that. */
export function holdReach(pane: string, reach: Reach): () => void {
  open.set(pane, reach)
  return () => {
    if (open.get(pane) === reach) open.delete(pane)
  }
}

/** One image on or back is a part of the page; ten are the page. */
const STEP = 0.4
const PAGE = 0.9

/** Moves a pane's document in place of its images; false where there is none, or it ends here: then the next one follows. */
export function scrollDocument(pane: string, images: number): boolean {
  const reach = open.get(pane)
  if (reach === undefined) return false
  const pages = Math.abs(images) === 1 ? STEP * images : Math.sign(images) * PAGE
  return reach.scroll(Number.isFinite(images) && Math.abs(images) <= 10 ? pages * reach.page() : images)
}

/** False where a pane shows pictures. */
export function zoomDocument(pane: string, factor: number): boolean {
  const reach = open.get(pane)
  reach?.zoom(factor)
  return reach !== undefined
}

/** False where a pane shows pictures. */
export function fitDocument(pane: string, how: 'fit' | 'oneToOne'): boolean {
  const reach = open.get(pane)
  reach?.[how]?.()
  return reach !== undefined
}
