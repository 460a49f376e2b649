import { describeFrame } from './catalog.ts'
import { activePane, LAYOUTS, livePanes, setLayout, stepSeries, type ToolName, useSession } from './session.ts'
import { windowPresets, windowToRange } from './windows.ts'

const TOOL_KEYS: Record<string, ToolName> = { w: 'window', z: 'zoom', p: 'pan', s: 'scroll' }

/** A digit: 0 = as stored, 1 to 9 = the modality's windows. */
function applyWindow(digit: number): void {
  const pane = activePane()
  const described = describeFrame(pane?.entry?.imageId ?? '')
  if (pane === undefined || described === undefined) return
  if (digit === 0) {
    pane.setRange(undefined)
    return
  }
  const preset = windowPresets(described.manifest.Modality, described.attributes)[digit - 1]
  if (preset !== undefined) pane.setRange(windowToRange(preset, described.attributes.VOILUTFunction))
}

export function showActiveHeader(): void {
  const pane = activePane()
  if (pane?.entry === undefined) return
  const { index } = pane.state.getState()
  useSession.setState({ header: { contentId: pane.entry.instance.contentId, title: `Header of image ${index + 1}` } })
}

function actionOf(event: KeyboardEvent, onBack: () => void): (() => void) | undefined {
  const pane = activePane()
  if (event.altKey) {
    const layout = LAYOUTS[Number(event.key) - 1]
    if (event.key === 'ArrowLeft') return onBack
    return layout && (() => setLayout(layout))
  }
  const tool = TOOL_KEYS[event.key.toLowerCase()]
  if (tool !== undefined) return () => useSession.setState({ tool })
  if (/^\d$/.test(event.key)) return () => applyWindow(Number(event.key))
  switch (event.key) {
    case 'Backspace':
      return onBack
    case 'PageUp':
    case 'ArrowUp':
      return () => pane?.step(-1)
    case 'PageDown':
    case 'ArrowDown':
      return () => pane?.step(1)
    case 'Home':
      return () => pane?.goTo(0)
    case 'End':
      return () => pane?.goTo(Number.MAX_SAFE_INTEGER)
    case 'ArrowLeft':
      return () => stepSeries(-1)
    case 'ArrowRight':
      return () => stepSeries(1)
    case 'c':
      return () => pane?.toggleCine()
    case 'f':
      return () => pane?.fit()
    case 'h':
      return showActiveHeader
    case 'i':
      return () => {
        for (const one of livePanes()) one.toggleInterpolation()
      }
    case 'o':
      return () => useSession.setState(({ overlays }) => ({ overlays: !overlays }))
  }
  return undefined
}

/** The viewer's keys. Esc is none of them: it never closes a study. */
export function handleViewerKey(event: KeyboardEvent, onBack: () => void): void {
  if (event.ctrlKey || event.metaKey || event.target instanceof HTMLInputElement) return
  const action = actionOf(event, onBack)
  if (action === undefined) return
  event.preventDefault()
  action()
}
