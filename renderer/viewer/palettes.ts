import type { PaletteName } from '../../shared/viewing/palettes.ts'
import type { SeriesStack } from './catalog.ts'

/** By display set: what a reader chose. */
const chosen = new Map<string, PaletteName>()

export function keepPalette({ set }: SeriesStack, palette: PaletteName): void {
  chosen.set(set.id, palette)
}

/** What a set is shown in: as chosen, else grey, and PET by itself as it is read by convention: uptake is dark. */
export function keptPalette({ set, manifest }: SeriesStack): PaletteName {
  return chosen.get(set.id) ?? (manifest.Modality === 'PT' ? 'inverted' : 'grey')
}
