import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'

/** Device-independent pixels. */
export interface Bounds {
  x: number
  y: number
  width: number
  height: number
}

const bounds = z.object({
  x: z.int(),
  y: z.int(),
  width: z.int().min(200).max(20_000),
  height: z.int().min(200).max(20_000),
})
/** By display set-up, then by window number. */
const kept = z.record(z.string(), z.record(z.string(), bounds)).catch({})

/** How the displays stand: what windows' places are kept by. */
export function setUpOf(displays: readonly Bounds[]): string {
  return displays
    .map(({ x, y, width, height }) => `${width}x${height}+${x}+${y}`)
    .sort()
    .join(' ')
}

/** Where window `number` (from 1) opens when no place was kept: each on a display of its own, then in turn. */
export function displayFor(number: number, displays: readonly Bounds[]): Bounds | undefined {
  return displays[(number - 1) % Math.max(1, displays.length)]
}

/** Where windows were left, in a small file of the shell's own; one that cannot be read or written is as none. */
export class WindowPlaces {
  readonly #file: string

  constructor(folder: string) {
    this.#file = path.join(folder, 'windows.json')
  }

  of(setUp: string, number: number): Bounds | undefined {
    return this.#read()[setUp]?.[String(number)]
  }

  keep(setUp: string, number: number, place: Bounds): void {
    const all = this.#read()
    all[setUp] = { ...all[setUp], [String(number)]: place }
    try {
      mkdirSync(path.dirname(this.#file), { recursive: true })
      writeFileSync(this.#file, JSON.stringify(all))
    } catch (thrown) {
      console.error(`the windows' places were not kept: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    }
  }

  #read(): z.infer<typeof kept> {
    try {
      return kept.parse(JSON.parse(readFileSync(this.#file, 'utf8')))
    } catch {
      return {}
    }
  }
}
