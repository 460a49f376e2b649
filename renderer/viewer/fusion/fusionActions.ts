import { Blend, Palette } from 'lucide-react'
import { PALETTES } from '../../../shared/viewing/palettes.ts'
import { UPTAKES } from '../../../shared/viewing/suv.ts'
import { heard, t } from '../../i18n/index.ts'
import { describeSeries } from '../../series/index.ts'
import { type Action, act } from '../action.ts'
import { describeFrame } from '../catalog.ts'
import type { Pane } from '../pane.ts'
import { useSession } from '../session.ts'
import { uptakePresets, useUptake } from '../uptake.ts'
import { fuse, fusible, fusionOf, nextColours, setFusionOpacity, setFusionRange, toggleFusion } from './fusionStore.ts'

const OPACITY_STEP = 0.1
/** In the menu; all of them would fill it. */
const MOST_SECONDS = 6

/** Fusion, colours and uptakes: what can be done with the active pane's picture. */
export function fusionActions(pane: Pane | undefined): Action[] {
  const fusion = fusionOf(pane)
  const on = (run: (pane: Pane) => void) => () => {
    if (pane !== undefined) run(pane)
  }
  const opacity = (by: number) => on(one => setFusionOpacity(one, (fusionOf(one)?.opacity ?? 0) + by))
  return [
    act('fusion', { icon: Blend, run: on(toggleFusion), pressed: fusion !== undefined }),
    act('fusion-weaker', { run: opacity(-OPACITY_STEP) }),
    act('fusion-stronger', { run: opacity(OPACITY_STEP) }),
    act('colours-next', { icon: Palette, run: on(nextColours) }),
    ...(pane === undefined ? [] : [...seconds(pane), ...fusedWindows(pane), ...colours(pane), ...uptakes(pane)]),
  ]
}

function seconds(pane: Pane): Action[] {
  const { series, beside } = useSession.getState()
  const all = [...series, ...[...beside.values()].flatMap(one => one.series)]
  return fusible(pane)
    .slice(0, MOST_SECONDS)
    .map((stack): Action => {
      const summary = all.find(one => one.SeriesInstanceUID === stack.manifest.SeriesInstanceUID)
      const name = [summary && describeSeries(summary), heard(stack.set.label)].filter(Boolean).join(' · ')
      return {
        id: `fuse-${stack.set.id}`,
        name: t('Fuse with {{Modality}} {{name}}', { Modality: stack.manifest.Modality, name }),
        keys: [],
        group: 'View',
        run: () => void fuse(pane, stack),
        pressed: fusionOf(pane)?.second === stack,
      }
    })
}

function fusedWindows(pane: Pane): Action[] {
  const frame = describeFrame(fusionOf(pane)?.second.imageIds[0] ?? '')
  return ((frame && uptakePresets(frame)) ?? []).map(({ name, range }) => ({
    id: `fusion-window-${name}`,
    name: t('Fusion {{name}}', { name }),
    keys: [],
    group: 'Window',
    run: () => setFusionRange(pane, range),
  }))
}

function colours(pane: Pane): Action[] {
  const { palette, range } = pane.state.getState()
  // A picture in colours has no map of its own.
  if (range === undefined) return []
  return PALETTES.map(({ name, words }) => ({
    id: `colours-${name}`,
    name: t('Colours: {{words}}', { words: heard(words) }),
    keys: [],
    group: 'Window',
    run: () => pane.setPalette(name),
    pressed: palette === name,
  }))
}

function uptakes(pane: Pane): Action[] {
  const modalities = [pane.stack, fusionOf(pane)?.second].map(stack => stack?.manifest.Modality)
  if (!modalities.includes('PT')) return []
  const { uptake } = useUptake.getState()
  return UPTAKES.map(({ kind, unit, name }) => ({
    id: `uptake-${kind}`,
    name: `${unit}: ${name}`,
    keys: [],
    group: 'Measure',
    run: () => useUptake.setState({ uptake: kind }),
    pressed: uptake === kind,
  }))
}
