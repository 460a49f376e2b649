import {
  Activity,
  Aperture,
  ArrowLeft,
  CheckCheck,
  CirclePlay,
  CircleQuestionMark,
  CircleSlash,
  ClipboardCheck,
  CloudUpload,
  Command,
  Contrast,
  Eye,
  EyeOff,
  FileText,
  FlipHorizontal2,
  FlipVertical2,
  FolderInput,
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
  Menu,
  MessageSquareText,
  Monitor,
  MousePointer2,
  Move,
  RotateCcw,
  RotateCw,
  Ruler,
  ScanLine,
  Settings,
  SkipBack,
  SkipForward,
  SquareEqual,
  SunMoon,
  Undo2,
  ZoomIn,
  ZoomOut,
} from 'lucide-react'
import { showCustody } from '../central/index.ts'
import { inLanguage, t } from '../i18n/index.ts'
import type { ActionId, EverywhereId } from '../keys/index.ts'
import { type Action, act } from './action.ts'
import { describeFrame } from './catalog.ts'
import { compareActions } from './compare/compareActions.ts'
import { documentActions, fitDocument, scrollDocument, zoomDocument } from './documents/index.ts'
import { fusionActions } from './fusion/fusionActions.ts'
import { hangingActions } from './hanging/hangingActions.ts'
import { toggleKeyPointer, useKeyPointer } from './keyPointer.ts'
import { cancelMark, markActions, markToolInHand, putAwayMarkTool } from './marks/index.ts'
import { objectActions } from './objects/index.ts'
import { outgoingActions } from './outgoing/index.ts'
import type { Pane } from './pane.ts'
import { pointerPlace } from './pointer.ts'
import { renderingActions, renderingPresets } from './rendering/renderingActions.ts'
import { reportActions } from './report/index.ts'
import { savingActions } from './saving/index.ts'
import { goToNextUnseen } from './seen/unseen.ts'
import {
  cancelSegmenting,
  putAwaySegmentTool,
  segmentActions,
  segmentToolInHand,
  withSegmentUndo,
} from './segmenting/index.ts'
import {
  activePane,
  chooseLayout,
  jumpFrom,
  LAYOUTS,
  livePanes,
  type Session,
  setActive,
  type ToolName,
  toggleOneUp,
  useSession,
} from './session.ts'
import { toggleShutter } from './shutter.ts'
import { hideCrosshair } from './space.ts'
import { showTrueSize } from './trueSize.ts'
import { uptakePresets } from './uptake.ts'
import { hideRefusal, mprActions, slabActions } from './volume/mpr.ts'
import { stepSet } from './volume/phases.ts'
import { storedWindows, type VoiRange, type Window, windowPresets, windowToRange } from './windows.ts'

/** What lies outside the viewer and can be asked for in it. */
export interface Outside {
  onBack: () => void
  onNext: () => void
  onPrevious: () => void
  onReadAndNext: () => void
  onToggleRead: () => void
  onEverywhere: (id: EverywhereId) => void
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
  useSession.setState({
    header: { contentId: pane.entry.instance.contentId, title: t('Tags of image {{number}}', { number: index + 1 }) },
  })
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
  if (!cancelSegmenting() && !cancelMark() && !hideRefusal() && !hideCrosshair())
    useSession.setState({ tool: 'window' })
}

const TOOL_ICONS: Record<ToolName, LucideIcon> = {
  window: Contrast,
  scroll: Layers,
  zoom: ZoomIn,
  pan: Move,
  crosshair: Locate,
}

function tools({ tool }: Session): Action[] {
  return (Object.keys(TOOL_ICONS) as ToolName[]).map(own =>
    act(`tool-${own}`, {
      icon: TOOL_ICONS[own],
      run: () => {
        putAwayMarkTool()
        putAwaySegmentTool()
        useSession.setState({ tool: own })
      },
      pressed: tool === own && !markToolInHand() && !segmentToolInHand(),
    }),
  )
}

const WINDOW_IDS = ([1, 2, 3, 4, 5, 6, 7, 8, 9] as const).map(digit => `window-${digit}` as const)

function onDigits(choices: Array<Pick<Action, 'run'> & { name: string }> | undefined): Action[] | undefined {
  return choices?.flatMap((choice, index) => {
    const id = WINDOW_IDS[index]
    return id === undefined ? [] : [act(id, choice)]
  })
}

/** The active pane's windows: 0 as stored, the modality's on the digits, the file's own by their explanation. */
function windows(): Action[] {
  const described = describeFrame(activePane()?.entry?.imageId ?? '')
  const apply = (window: Window) =>
    onPane(pane => pane.setRange(windowToRange(window, described?.attributes.VOILUTFunction)))
  const show = (range: VoiRange) => onPane(pane => pane.setRange(range))
  const words = ({ label, center, width }: Window) =>
    `${inLanguage(label)}  W ${Math.round(width)} L ${Math.round(center)}`
  const presets = described === undefined ? [] : windowPresets(described.manifest.Modality, described.attributes)
  const stored = described === undefined ? [] : storedWindows(described.attributes)
  return [
    act('window-stored', { icon: Undo2, run: onPane(pane => pane.setRange(undefined)) }),
    ...(onDigits(renderingPresets(activePane())) ??
      onDigits(described && uptakePresets(described)?.map(({ name, range }) => ({ name, run: show(range) }))) ??
      onDigits(presets.map(window => ({ name: words(window), run: apply(window) }))) ??
      []),
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
    act('invert', { icon: SunMoon, run: onPane(pane => pane.invert()) }),
  ]
}

function resetView(pane: Pane): void {
  pane.setView({ inverted: false, quarterTurns: 0, mirrored: false })
}

function view({ overlays, linked, referenceLines, oneUp }: Session): Action[] {
  return [
    act('fit', { icon: Maximize, run: onPane(pane => fitDocument(pane.id, 'fit') || pane.fit()) }),
    act('one-to-one', { icon: SquareEqual, run: onPane(pane => fitDocument(pane.id, 'oneToOne') || pane.setZoom(1)) }),
    act('true-size', { icon: Ruler, run: onPane(pane => void showTrueSize(pane)) }),
    act('zoom-in', { icon: ZoomIn, run: () => zoomMiddle(1.25) }),
    act('zoom-out', { icon: ZoomOut, run: () => zoomMiddle(0.8) }),
    act('rotate-right', { icon: RotateCw, run: onPane(pane => pane.rotate(1)) }),
    act('rotate-left', { icon: RotateCcw, run: onPane(pane => pane.rotate(-1)) }),
    act('flip-horizontal', { icon: FlipHorizontal2, run: onPane(pane => pane.flip('horizontal')) }),
    act('flip-vertical', { icon: FlipVertical2, run: onPane(pane => pane.flip('vertical')) }),
    act('reset', { icon: Undo2, run: onPane(resetView) }),
    act('nearest', {
      icon: Grid2x2,
      run: () => {
        for (const pane of livePanes()) pane.toggleInterpolation()
      },
      pressed: activePane()?.state.getState().nearest ?? false,
    }),
    act('overlays', { icon: MessageSquareText, run: set({ overlays: !overlays }), pressed: overlays }),
    act('reference-lines', { icon: ScanLine, run: set({ referenceLines: !referenceLines }), pressed: referenceLines }),
    act('linked', { icon: Link, run: set({ linked: !linked }), pressed: linked }),
    act('jump', { icon: LocateFixed, run: jumpFromPointer }),
    act('one-up', { icon: Maximize2, run: () => toggleOneUp(), pressed: oneUp !== undefined }),
    ...slabActions(),
  ]
}

function zoomMiddle(factor: number): void {
  const pane = activePane()
  if (pane !== undefined && zoomDocument(pane.id, factor)) return
  pane?.zoomAbout([pane.element.clientWidth / 2, pane.element.clientHeight / 2], factor)
}

function moves(): Action[] {
  const step = (id: ActionId, delta: number): Action =>
    act(id, { run: onPane(pane => scrollDocument(pane.id, delta) || pane.step(delta)) })
  return [
    step('image-previous', -1),
    step('image-next', 1),
    step('image-minus-10', -10),
    step('image-plus-10', 10),
    act('image-first', { run: onPane(pane => scrollDocument(pane.id, Number.NEGATIVE_INFINITY) || pane.goTo(0)) }),
    act('image-last', {
      run: onPane(pane => scrollDocument(pane.id, Number.POSITIVE_INFINITY) || pane.goTo(Number.MAX_SAFE_INTEGER)),
    }),
    act('image-unseen', { icon: EyeOff, run: goToNextUnseen }),
    act('key-pointer', {
      icon: MousePointer2,
      run: () => toggleKeyPointer(activePane()),
      pressed: useKeyPointer.getState().pointer !== undefined,
    }),
    act('series-previous', { run: () => stepSet(-1) }),
    act('series-next', { run: () => stepSet(1) }),
    act('pane-previous', { run: () => stepPane(-1) }),
    act('pane-next', { run: () => stepPane(1) }),
    act('cine', { icon: CirclePlay, run: onPane(pane => pane.toggleCine()) }),
  ]
}

function hanging({ layout }: Session): Action[] {
  return [
    ...LAYOUTS.map(one =>
      act(`layout-${one.name}`, {
        run: () => chooseLayout(one),
        pressed: one.rows === layout.rows && one.columns === layout.columns,
      }),
    ),
    act('layout', { icon: Grid3x2, run: set({ popup: { kind: 'layout' } }) }),
    ...mprActions(),
    ...hangingActions(),
  ]
}

/** The menu where the pointer is; without one, in the middle of the active pane. */
function openMenu(): void {
  const pane = pointerPlace()?.pane ?? activePane()
  if (pane === undefined) return
  const { left, top, width, height } = pane.element.getBoundingClientRect()
  const [x, y] = pointerPlace()?.at ?? [width / 2, height / 2]
  useSession.setState({ popup: { kind: 'menu', x: left + x, y: top + y } })
}

function showStudyCustody(): void {
  const { study } = useSession.getState()
  if (study !== undefined) showCustody(study)
}

function study(outside: Outside): Action[] {
  const { onBack, onNext, onPrevious, onReadAndNext, onToggleRead } = outside
  return [
    act('study-next', { icon: SkipForward, run: onNext }),
    act('study-previous', { icon: SkipBack, run: onPrevious }),
    act('read-and-next', { icon: CheckCheck, run: onReadAndNext }),
    act('toggle-read', { icon: Eye, run: onToggleRead }),
    act('header', { icon: FileText, run: showActiveHeader }),
    act('study-custody', { icon: CloudUpload, run: showStudyCustody }),
    act('menu', { icon: Menu, run: openMenu }),
    act('cancel', { run: cancel }),
    act('worklist', { icon: ArrowLeft, run: onBack }),
  ]
}

const EVERYWHERE: Array<[id: EverywhereId, icon?: LucideIcon]> = [
  ['import', FolderInput],
  ['activity', Activity],
  ['refused', CircleSlash],
  ['settings', Settings],
  ['test-picture', Monitor],
  ['self-test', ClipboardCheck],
  ['keys', Keyboard],
  ['text-larger'],
  ['text-smaller'],
  ['palette', Command],
  ['help', CircleQuestionMark],
  ['high-contrast'],
]

function everywhere({ onEverywhere }: Outside): Action[] {
  return EVERYWHERE.map(([id, icon]) => act(id, { ...(icon && { icon }), run: () => onEverywhere(id) }))
}

/** Everything that can be done now. One table feeds keys, context menu, tooltips, palette and key sheet. */
export function viewerActions(outside: Outside): Action[] {
  const session = useSession.getState()
  return [
    ...tools(session),
    ...withSegmentUndo(markActions(activePane())),
    ...segmentActions(),
    act('shutter', { icon: Aperture, run: () => toggleShutter(activePane()) }),
    ...savingActions(),
    ...windows(),
    ...view(session),
    ...objectActions(),
    ...fusionActions(activePane()),
    ...renderingActions(activePane()),
    ...compareActions(activePane()),
    ...moves(),
    ...hanging(session),
    ...study(outside),
    ...documentActions(activePane()),
    ...reportActions(),
    ...outgoingActions(),
    ...everywhere(outside),
  ]
}

/** What can be done now, by id, as it is called now: for the key sheet. Nothing in it is run. */
export function actionNames(): Map<string, string> {
  const nothing = () => {}
  const outside: Outside = {
    onBack: nothing,
    onNext: nothing,
    onPrevious: nothing,
    onReadAndNext: nothing,
    onToggleRead: nothing,
    onEverywhere: nothing,
  }
  return new Map(viewerActions(outside).map(({ id, name }) => [id, name]))
}
