/**
 * Which of several central archives ("cells": an index, a few engines, a storage) keeps a study, for networks that one cannot
 * serve. Rendezvous hashing: every cell draws a number from the study's UID, the highest has it. Whoever knows the cells finds the
 * study without asking; a cell that is added takes its own share and moves nothing between the others.
 */
export interface Cell {
  /** For good: studies lie where it says. */
  id: string
  /** How large it is, beside the others; above 0. */
  weight: number
}

/**
 * The cell of a study; the order of the cells does not matter. UIDs are taken as they are compared: without trailing NULs and spaces.
 * Throws a RangeError without cells, or with a weight that is none.
 */
export function cellOf<C extends Cell>(StudyInstanceUID: string, cells: readonly C[]): C {
  const uid = StudyInstanceUID.replace(/[\0 ]+$/, '')
  let best: { cell: C; score: number } | undefined
  for (const cell of cells) {
    if (!(cell.weight > 0 && Number.isFinite(cell.weight))) throw new RangeError(`cell ${cell.id} has no weight`)
    // With -weight / ln(u), u even in (0, 1), a cell wins as often as its share of all weights (Schindelhauer, Schomaker 2005).
    const score = -cell.weight / Math.log(draw(`${cell.id}\n${uid}`))
    if (!best || score > best.score || (score === best.score && cell.id < best.cell.id)) best = { cell, score }
  }
  if (!best) throw new RangeError('there are no cells')
  return best.cell
}

/** Even in (0, 1), of 52 bits, and the same on every machine for ever. */
function draw(text: string): number {
  const high = hash(text, 0x811c9dc5)
  const low = hash(text, 0x2c1b3c6d)
  return ((high >>> 6) * 2 ** 26 + (low >>> 6) + 0.5) / 2 ** 52
}

/** FNV-1a over UTF-16, its bits mixed by MurmurHash3's last steps: UIDs differ only in their last digits. */
function hash(text: string, seed: number): number {
  let bits = seed
  for (let i = 0; i < text.length; i++) bits = Math.imul(bits ^ text.charCodeAt(i), 0x01000193)
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}
