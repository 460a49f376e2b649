import {
  ArrowLeft,
  CheckCheck,
  CirclePlay,
  Command,
  Contrast,
  Eye,
  FileText,
  FlipHorizontal2,
  FlipVertical2,
  Grid2x2,
  Grid3x2,
  Keyboard,
  Layers,
  Link,
  Locate,
  LocateFixed,
  type LucideIcon,
  Maximize,
  Maximize2,
  MessageSquareText,
  Move,
  RotateCcw,
  RotateCw,
  Ruler,
  ScanLine,
  SkipBack,
  SkipForward,
  SquareEqual,
  SunMoon,
  Undo2,
  ZoomIn,
  ZoomOut,
} from 'lucide-react'
import { describeFrame } from './catalog.ts'
import { cancelMark, markActions, markToolInHand, putAwayMarkTool } from './marks/index.ts'
import type { Pane } from './pane.ts'
import { pointerPlace } from './pointer.ts'
import {
  activePane,
  jumpFrom,
  LAYOUTS,
  livePanes,
  type Session,
  setActive,
  setLayout,
  stepSeries,
  type ToolName,
  toggleOneUp,
  useSession,
} from './session.ts'
import { hideCrosshair } from './space.ts'
import { showTrueSize } from './trueSize.ts'
import { storedWindows, type Window, windowPresets, windowToRange } from './windows.ts'

/** What lies outside the viewer and can be asked for in it. */
export interface Outside {
  onBack: () => void
  onNext: () => void
  onPrevious: () => void
  onReadAndNext: () => void
  onToggleRead: () => void
}

export const GROUPS = ['Tools', 'Measure', 'Window', 'View', 'Move', 'Hanging', 'Study'] as const

/** One thing a reader can do: the same name and key in the menu, the tooltips, the palette and the key sheet. */
export interface Action {
  id: string
  name: string
  /** As `keyOf` spells them; the first is the one that is shown. */
  keys: string[]
  group: (typeof GROUPS)[number]
  icon?: LucideIcon
  run: () => void
  /** For what is on or off. */
  pressed?: boolean
}

const set = (change: Partial<Session>) => () => useSession.setState(change)
const onPane = (act: (pane: Pane) => void) => () => {
  const pane = activePane()
  if (pane !== undefined) act(pane)
}

export function showActiveHeader(): void {
  const pane = activePane()
  if (pane?.entry === undefined) return
  const { index } = pane.state.getState()
  useSession.setState({ header: { contentId: pane.entry.instance.contentId, title: `Tags of image ${index + 1}` } })
}

function stepPane(delta: number): void {
  const { active, layout, oneUp } = useSession.getState()
  const count = layout.rows * layout.columns
  const next = (active + delta + count) % count
  setActive(next)
  if (oneUp !== undefined) useSession.setState({ oneUp: next })
}

function jumpFromPointer(): void {
  const place = pointerPlace()
  if (place !== undefined) jumpFrom(place.pane, place.at)
}

/** What Esc cancels, nearest first: the mark in hand, the crosshair, then the tool in hand. It never closes a study. */
function cancel(): void {
  if (!cancelMark() && !hideCrosshair()) useSession.setState({ tool: 'window' })
}

const TOOLS: Array<[tool: ToolName, name: string, key: string, icon: LucideIcon]> = [
  ['window', 'Window/level', 'W', Contrast],
  ['scroll', 'Scroll', 'S', Layers],
  ['zoom', 'Zoom', 'Z', ZoomIn],
  ['pan', 'Pan', 'P', Move],
  ['crosshair', 'Crosshair', 'Shift+X', Locate],
]

function tools({ tool }: Session): Action[] {
  return TOOLS.map(([own, name, key, icon]) => ({
    id: `tool-${own}`,
    name,
    keys: [key],
    group: 'Tools',
    icon,
    run: () => {
      putAwayMarkTool()
      useSession.setState({ tool: own })
    },
    pressed: tool === own && !markToolInHand(),
  }))
}

/** The active pane's windows: 0 as stored, the modality's on the digits, the file's own by their explanation. */
function windows(): Action[] {
  const described = describeFrame(activePane()?.entry?.imageId ?? '')
  const apply = (window: Window) =>
    onPane(pane => pane.setRange(windowToRange(window, described?.attributes.VOILUTFunction)))
  const words = ({ label, center, width }: Window) => `${label}  W ${Math.round(width)} L ${Math.round(center)}`
  const presets = described === undefined ? [] : windowPresets(described.manifest.Modality, described.attributes)
  const stored = described === undefined ? [] : storedWindows(described.attributes)
  return [
    {
      id: 'window-stored',
      name: 'As stored',
      keys: ['0'],
      group: 'Window',
      icon: Undo2,
      run: onPane(pane => pane.setRange(undefined)),
    },
    ...presets.map(
      (window, index): Action => ({
        id: `window-${index + 1}`,
        name: words(window),
        keys: [String(index + 1)],
        group: 'Window',
        run: apply(window),
      }),
    ),
    // Where the digits are the stored windows already, they are not listed twice.
    ...(described?.manifest.Modality === 'CT' ? stored : []).map(
      (window, index): Action => ({
        id: `window-stored-${index + 1}`,
        name: words(window),
        keys: [],
        group: 'Window',
        run: apply(window),
      }),
    ),
    {
      id: 'invert',
      name: 'Invert',
      keys: ['Shift+I'],
      group: 'Window',
      icon: SunMoon,
      run: onPane(pane => pane.invert()),
    },
  ]
}

function resetView(pane: Pane): void {
  pane.setView({ inverted: false, quarterTurns: 0, mirrored: false })
}

function view({ overlays, linked, referenceLines, oneUp }: Session): Action[] {
  const group = 'View'
  return [
    { id: 'fit', name: 'Fit', keys: ['F'], group, icon: Maximize, run: onPane(pane => pane.fit()) },
    {
      id: 'one-to-one',
      name: '1:1 pixels',
      keys: ['='],
      group,
      icon: SquareEqual,
      run: onPane(pane => pane.setZoom(1)),
    },
    {
      id: 'true-size',
      name: 'True size',
      keys: ['Shift+T'],
      group,
      icon: Ruler,
      run: onPane(pane => void showTrueSize(pane)),
    },
    { id: 'zoom-in', name: 'Zoom in', keys: ['+'], group, icon: ZoomIn, run: () => zoomMiddle(1.25) },
    { id: 'zoom-out', name: 'Zoom out', keys: ['-'], group, icon: ZoomOut, run: () => zoomMiddle(0.8) },
    {
      id: 'rotate-right',
      name: 'Rotate right',
      keys: ['Shift+R'],
      group,
      icon: RotateCw,
      run: onPane(pane => pane.rotate(1)),
    },
    {
      id: 'rotate-left',
      name: 'Rotate left',
      keys: ['Alt+R'],
      group,
      icon: RotateCcw,
      run: onPane(pane => pane.rotate(-1)),
    },
    {
      id: 'flip-horizontal',
      name: 'Flip left and right',
      keys: ['Shift+H'],
      group,
      icon: FlipHorizontal2,
      run: onPane(pane => pane.flip('horizontal')),
    },
    {
      id: 'flip-vertical',
      name: 'Flip top and bottom',
      keys: ['Shift+V'],
      group,
      icon: FlipVertical2,
      run: onPane(pane => pane.flip('vertical')),
    },
    { id: 'reset', name: 'Reset view', keys: ['Shift+F'], group, icon: Undo2, run: onPane(resetView) },
    {
      id: 'nearest',
      name: 'Pixels as squares',
      keys: ['I'],
      group,
      icon: Grid2x2,
      run: () => {
        for (const pane of livePanes()) pane.toggleInterpolation()
      },
      pressed: activePane()?.state.getState().nearest ?? false,
    },
    {
      id: 'overlays',
      name: 'Overlays',
      keys: ['O'],
      group,
      icon: MessageSquareText,
      run: set({ overlays: !overlays }),
      pressed: overlays,
    },
    {
      id: 'reference-lines',
      name: 'Reference lines',
      keys: ['Shift+K'],
      group,
      icon: ScanLine,
      run: set({ referenceLines: !referenceLines }),
      pressed: referenceLines,
    },
    {
      id: 'linked',
      name: 'Linked scrolling',
      keys: ['K'],
      group,
      icon: Link,
      run: set({ linked: !linked }),
      pressed: linked,
    },
    { id: 'jump', name: 'Others to the point here', keys: ['X'], group, icon: LocateFixed, run: jumpFromPointer },
    {
      id: 'one-up',
      name: 'One-up',
      keys: ['U'],
      group,
      icon: Maximize2,
      run: () => toggleOneUp(),
      pressed: oneUp !== undefined,
    },
  ]
}

function zoomMiddle(factor: number): void {
  const pane = activePane()
  pane?.zoomAbout([pane.element.clientWidth / 2, pane.element.clientHeight / 2], factor)
}

function moves(): Action[] {
  const group = 'Move'
  const step = (id: string, name: string, keys: string[], delta: number): Action => ({
    id,
    name,
    keys,
    group,
    run: onPane(pane => pane.step(delta)),
  })
  return [
    step('image-previous', 'Image before', ['PageUp', 'ArrowUp'], -1),
    step('image-next', 'Next image', ['PageDown', 'ArrowDown'], 1),
    step('image-minus-10', 'Ten images back', ['Shift+PageUp', 'Shift+ArrowUp'], -10),
    step('image-plus-10', 'Ten images on', ['Shift+PageDown', 'Shift+ArrowDown'], 10),
    { id: 'image-first', name: 'First image', keys: ['Home'], group, run: onPane(pane => pane.goTo(0)) },
    {
      id: 'image-last',
      name: 'Last image',
      keys: ['End'],
      group,
      run: onPane(pane => pane.goTo(Number.MAX_SAFE_INTEGER)),
    },
    { id: 'series-previous', name: 'Series before', keys: ['ArrowLeft'], group, run: () => stepSeries(-1) },
    { id: 'series-next', name: 'Next series', keys: ['ArrowRight'], group, run: () => stepSeries(1) },
    { id: 'pane-previous', name: 'Pane before', keys: [','], group, run: () => stepPane(-1) },
    { id: 'pane-next', name: 'Next pane', keys: ['.'], group, run: () => stepPane(1) },
    { id: 'cine', name: 'Cine', keys: ['C'], group, icon: CirclePlay, run: onPane(pane => pane.toggleCine()) },
  ]
}

function hanging({ layout }: Session): Action[] {
  return [
    ...LAYOUTS.map(
      (one, index): Action => ({
        id: `layout-${one.rows}x${one.columns}`,
        name: `Layout ${one.rows}×${one.columns}`,
        keys: [`Alt+${index + 1}`],
        group: 'Hanging',
        run: () => setLayout(one),
        pressed: one.rows === layout.rows && one.columns === layout.columns,
      }),
    ),
    {
      id: 'layout',
      name: 'Layout…',
      keys: ['G'],
      group: 'Hanging',
      icon: Grid3x2,
      run: set({ popup: { kind: 'layout' } }),
    },
  ]
}

function study(outside: Outside): Action[] {
  const group = 'Study'
  const { onBack, onNext, onPrevious, onReadAndNext, onToggleRead } = outside
  return [
    { id: 'study-next', name: 'Next study', keys: ['N'], group, icon: SkipForward, run: onNext },
    { id: 'study-previous', name: 'Study before', keys: ['Shift+N'], group, icon: SkipBack, run: onPrevious },
    {
      id: 'read-and-next',
      name: 'Read, and next study',
      keys: ['Ctrl+Enter'],
      group,
      icon: CheckCheck,
      run: onReadAndNext,
    },
    { id: 'toggle-read', name: 'Read or unread', keys: ['R'], group, icon: Eye, run: onToggleRead },
    { id: 'header', name: 'Tag browser', keys: ['T', 'H'], group, icon: FileText, run: showActiveHeader },
    {
      id: 'palette',
      name: 'Find an action',
      keys: ['Ctrl+K'],
      group,
      icon: Command,
      run: set({ popup: { kind: 'palette' } }),
    },
    { id: 'keys', name: 'Keys', keys: ['?', 'F1'], group, icon: Keyboard, run: set({ popup: { kind: 'keys' } }) },
    { id: 'cancel', name: 'Cancel the tool', keys: ['Escape'], group, run: cancel },
    { id: 'worklist', name: 'Worklist', keys: ['Backspace', 'Alt+ArrowLeft'], group, icon: ArrowLeft, run: onBack },
  ]
}

/** Everything that can be done now. One table feeds keys, context menu, tooltips, palette and key sheet. */
export function viewerActions(outside: Outside): Action[] {
  const session = useSession.getState()
  return [
    ...tools(session),
    ...markActions(activePane()),
    ...windows(),
    ...view(session),
    ...moves(),
    ...hanging(session),
    ...study(outside),
  ]
}

const KEY_WORDS: Record<string, string> = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  PageUp: 'PgUp',
  PageDown: 'PgDn',
  Escape: 'Esc',
}

/** A key as a person reads it. */
export function keyWords(key: string): string {
  return key
    .split(/\+(?=.)/)
    .map(part => KEY_WORDS[part] ?? part)
    .join('+')
}
