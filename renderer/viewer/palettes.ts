import type { PaletteName } from '../../shared/viewing/palettes.ts'
import type { SeriesStack } from './catalog.ts'

/** By series: its sets and its reformats look alike. */
const chosen = new Map<string, PaletteName>()

export function keepPalette({ manifest }: SeriesStack, palette: PaletteName): void {
  chosen.set(manifest.SeriesInstanceUID, palette)
}

/** What a series is shown in: as chosen, else grey, and PET by itself as it is read by convention: uptake is dark. */
export function keptPalette({ manifest }: SeriesStack): PaletteName {
  return chosen.get(manifest.SeriesInstanceUID) ?? (manifest.Modality === 'PT' ? 'inverted' : 'grey')
}
