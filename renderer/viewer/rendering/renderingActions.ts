import { Rotate3d } from 'lucide-react'
import { rayPresets } from '../../../shared/viewing/volume/transfers.ts'
import { type Action, act } from '../action.ts'
import type { Pane } from '../pane.ts'
import { renderingOf, toggleRendering } from './rendering.ts'

export function renderingActions(pane: Pane | undefined): Action[] {
  const run = () => {
    if (pane !== undefined) toggleRendering(pane)
  }
  return [act('volume-rendering', { icon: Rotate3d, run, pressed: renderingOf(pane) !== undefined })]
}

/** What the digits mean while a volume is rendered; undefined while none is. */
export function renderingPresets(pane: Pane | undefined): Array<{ name: string; run: () => void }> | undefined {
  const rendering = renderingOf(pane)
  if (rendering === undefined) return undefined
  const presets = rayPresets(rendering.stack.manifest.Modality)
  return presets.map(preset => ({ name: `Volume: ${preset.name}`, run: () => rendering.choose(preset) }))
}
