import type { OutboxItem } from '../store/index.ts'

/** How many objects go together, of those that went wrong `attempts` times: a bad one among them is alone after a few halvings. */
export function mostTogether(attempts: number, full: number): number {
  return Math.max(1, Math.floor(full / 2 ** Math.min(attempts, 30)))
}

/** In their order; each batch holds what may go together of those that went wrong as often. */
export function inBatches(items: OutboxItem[], full: number): OutboxItem[][] {
  const batches: OutboxItem[][] = []
  for (const item of items) {
    const last = batches.at(-1)
    const [first] = last ?? []
    const fits = last && first && first.attempts === item.attempts && last.length < mostTogether(item.attempts, full)
    if (fits) last.push(item)
    else batches.push([item])
  }
  return batches
}
