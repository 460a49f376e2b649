/** Where an action's keys are heard. What is heard everywhere meets the keys of every room. */
export type ActionRoom = 'everywhere' | 'worklist' | 'viewer'

export const GROUPS = [
  'Everywhere',
  'Lists',
  'Studies',
  'Tools',
  'Measure',
  'Window',
  'View',
  'Move',
  'Hanging',
  'Study',
] as const
export type ActionGroup = (typeof GROUPS)[number]

interface Row {
  id: string
  name: string
  /** Isocenter's own, as `keyOf` spells them; the first is the one that is shown. */
  keys: readonly string[]
  /** What it does is promised to every hand: no set and no user gives it another key. */
  fixed?: true
}

const DIGITS = [1, 2, 3, 4, 5, 6, 7, 8, 9] as const

const EVERYWHERE = [
  { id: 'import', name: 'Import', keys: ['Ctrl+I'] },
  { id: 'activity', name: 'Activity', keys: ['Ctrl+J'] },
  { id: 'refused', name: 'Refused by archives', keys: ['F9'] },
  { id: 'settings', name: 'Settings', keys: ['Ctrl+,'] },
  { id: 'test-picture', name: 'Test picture', keys: ['F8'] },
  { id: 'self-test', name: 'Measurement self-test', keys: ['F7'] },
  { id: 'keys', name: 'Keys and mouse', keys: ['?', 'F1'] },
  { id: 'text-larger', name: 'Larger text', keys: ['Ctrl+Alt+=', 'Ctrl+Alt++'] },
  { id: 'text-smaller', name: 'Smaller text', keys: ['Ctrl+Alt+-'] },
  { id: 'palette', name: 'Find an action', keys: ['Ctrl+K'] },
  { id: 'help', name: 'Help', keys: ['Shift+F1'] },
  { id: 'high-contrast', name: 'High contrast', keys: ['Ctrl+Alt+0'] },
] as const satisfies readonly Row[]

const LISTS = [
  { id: 'list-search', name: 'Search', keys: ['/', 'Ctrl+F'] },
  { id: 'list-search-clear', name: 'Clear the search', keys: ['Escape'], fixed: true },
  ...DIGITS.map(digit => ({ id: `list-${digit}` as const, name: `List ${digit}`, keys: [`Alt+${digit}`] })),
  { id: 'list-unfiltered', name: 'Remove filters', keys: ['Alt+0'] },
  { id: 'list-save', name: 'Save list', keys: ['Ctrl+S'] },
  { id: 'list-rename', name: 'Rename this list', keys: ['F2'] },
  { id: 'list-delete', name: 'Delete this list', keys: ['Ctrl+Delete'] },
  { id: 'list-arrivals', name: 'Show what has arrived', keys: ['F5'] },
  { id: 'list-deleted', name: 'Deleted', keys: ['Alt+D'] },
  { id: 'list-same', name: 'Possible same patient', keys: ['Alt+J'] },
  { id: 'list-elsewhere', name: 'Find on another archive', keys: ['Ctrl+Shift+F'] },
  { id: 'list-view', name: 'Columns and text size', keys: ['Alt+V'] },
  { id: 'list-undo', name: 'Undo', keys: ['Ctrl+Z'] },
] as const satisfies readonly Row[]

const STUDIES = [
  { id: 'row-open', name: 'Open', keys: ['Enter'], fixed: true },
  { id: 'row-toggle-read', name: 'Read or unread', keys: ['R'] },
  { id: 'row-new', name: 'Mark as new', keys: ['Alt+N'] },
  { id: 'row-stat', name: 'STAT', keys: ['!'] },
  { id: 'row-urgent', name: 'Urgent', keys: ['Alt+U'] },
  { id: 'row-routine', name: 'Routine', keys: ['Alt+O'] },
  { id: 'row-send', name: 'Send to…', keys: ['Alt+T'] },
  { id: 'row-custody', name: 'On the server…', keys: ['Alt+C'] },
  { id: 'row-only-patient', name: 'Only this patient', keys: ['Alt+P'] },
  { id: 'row-move', name: 'Move to another patient…', keys: ['Shift+F2'] },
  { id: 'row-delete', name: 'Delete…', keys: ['Delete'] },
  { id: 'row-copy-id', name: 'Copy patient ID', keys: ['Alt+I'] },
  { id: 'row-copy-accession', name: 'Copy accession number', keys: ['Alt+A'] },
  { id: 'row-copy-uid', name: 'Copy Study Instance UID', keys: ['Alt+S'] },
  { id: 'row-export', name: 'Export studies…', keys: ['Alt+X'] },
  { id: 'row-get', name: 'Get from the archive', keys: ['Alt+G'] },
  { id: 'row-keep', name: 'Keep here', keys: ['Alt+K'] },
] as const satisfies readonly Row[]

const TOOLS = [
  { id: 'tool-window', name: 'Window/level', keys: ['W'] },
  { id: 'tool-scroll', name: 'Scroll', keys: ['S'] },
  { id: 'tool-zoom', name: 'Zoom', keys: ['Z'] },
  { id: 'tool-pan', name: 'Pan', keys: ['P'] },
  { id: 'tool-crosshair', name: 'Crosshair', keys: ['Shift+X'] },
  { id: 'key-pointer', name: 'Pointer by keys', keys: ['F3'] },
] as const satisfies readonly Row[]

const MEASURE = [
  { id: 'mark-length', name: 'Length', keys: ['L'] },
  { id: 'mark-angle', name: 'Angle', keys: ['A'] },
  { id: 'mark-cobb', name: 'Cobb angle', keys: ['Shift+A'] },
  { id: 'mark-bidirectional', name: 'Two axes', keys: ['B'] },
  { id: 'mark-ellipse', name: 'Ellipse', keys: ['E'] },
  { id: 'mark-rectangle', name: 'Rectangle', keys: ['Shift+E'] },
  { id: 'mark-probe', name: 'Probe', keys: ['D'] },
  { id: 'mark-arrow', name: 'Arrow', keys: ['Shift+L'] },
  { id: 'mark-text', name: 'Text', keys: ['Y'] },
  { id: 'key-image', name: 'Key image', keys: ['Space'] },
  { id: 'mark-delete', name: 'Delete the selected mark', keys: ['Delete'] },
  { id: 'mark-undo', name: 'Undo', keys: ['Ctrl+Z'] },
  { id: 'mark-redo', name: 'Redo', keys: ['Ctrl+Shift+Z', 'Ctrl+Y'] },
  { id: 'mark-list', name: 'Marks and key images', keys: ['M'] },
  { id: 'mark-openAngle', name: 'Open angle', keys: ['Alt+A'] },
  { id: 'mark-circle', name: 'Circle', keys: ['Alt+E'] },
  { id: 'mark-polyline', name: 'Polyline', keys: ['Shift+P'] },
  { id: 'mark-freehand', name: 'Freehand region', keys: ['Shift+D'] },
  { id: 'mark-spline', name: 'Spline region', keys: ['Shift+S'] },
  { id: 'mark-livewire', name: 'Livewire', keys: ['Alt+L'] },
  { id: 'mark-cardiothoracic', name: 'Cardiothoracic ratio', keys: ['Shift+B'] },
  { id: 'mark-vertebra', name: 'Vertebra labels', keys: ['Shift+Y'] },
  { id: 'mark-calibrate', name: 'Calibrate by hand', keys: ['Shift+Q'] },
  { id: 'mark-spotWindow', name: 'Window by rectangle', keys: ['Shift+W'] },
  { id: 'magnifier', name: 'Magnifier', keys: ['Shift+Z'] },
  { id: 'mark-histogram', name: 'Histogram of an area', keys: ['Alt+H'] },
  { id: 'mark-copy', name: 'Copy mark to images…', keys: ['Alt+D'] },
  { id: 'mark-lock', name: 'Lock mark', keys: ['Alt+B'] },
  { id: 'mark-hide', name: 'Hide marks', keys: ['Shift+G'] },
  { id: 'shutter', name: 'Shutter around the selected area, or away', keys: ['Ctrl+B'] },
  { id: 'segment-brush', name: 'Segment: brush', keys: ['Alt+Q'] },
  { id: 'segment-erase', name: 'Segment: eraser', keys: ['Alt+Z'] },
  { id: 'segment-threshold', name: 'Segment: brush for a range of values', keys: ['Alt+T'] },
  { id: 'segment-grow', name: 'Segment: grow from a click', keys: ['Alt+I'] },
  { id: 'segment-scissors', name: 'Segment: scissors', keys: ['Alt+O'] },
  { id: 'segment-interpolate', name: 'Segment: interpolate between slices', keys: ['Alt+U'] },
  { id: 'segments', name: 'Segments', keys: ['Alt+M'] },
  { id: 'save', name: 'Save marks, key images, views and layout', keys: ['Ctrl+S'] },
  { id: 'save-take', name: 'Take the newer saved version', keys: ['Ctrl+Shift+S'] },
] as const satisfies readonly Row[]

const WINDOW = [
  { id: 'window-stored', name: 'As stored', keys: ['0'] },
  ...DIGITS.map(digit => ({ id: `window-${digit}` as const, name: `Window preset ${digit}`, keys: [`${digit}`] })),
  { id: 'invert', name: 'Invert', keys: ['Shift+I'] },
] as const satisfies readonly Row[]

const VIEW = [
  { id: 'fit', name: 'Fit', keys: ['F'] },
  { id: 'one-to-one', name: '1:1 pixels', keys: ['='] },
  { id: 'true-size', name: 'True size', keys: ['Shift+T'] },
  { id: 'zoom-in', name: 'Zoom in', keys: ['+'] },
  { id: 'zoom-out', name: 'Zoom out', keys: ['-'] },
  { id: 'rotate-right', name: 'Rotate right', keys: ['Shift+R'] },
  { id: 'rotate-left', name: 'Rotate left', keys: ['Alt+R'] },
  { id: 'flip-horizontal', name: 'Flip left and right', keys: ['Shift+H'] },
  { id: 'flip-vertical', name: 'Flip top and bottom', keys: ['Shift+V'] },
  { id: 'reset', name: 'Reset view', keys: ['Shift+F'] },
  { id: 'nearest', name: 'Pixels as squares', keys: ['I'] },
  { id: 'overlays', name: 'Overlays', keys: ['O'] },
  { id: 'reference-lines', name: 'Reference lines', keys: ['Shift+K'] },
  { id: 'linked', name: 'Linked scrolling', keys: ['K'] },
  { id: 'jump', name: 'Others to the point here', keys: ['X'] },
  { id: 'one-up', name: 'One-up', keys: ['U'] },
  { id: 'presentation-state', name: 'Next presentation state', keys: ['Shift+O'] },
  { id: 'key-images-only', name: 'Only the key images', keys: ['Alt+K'] },
  { id: 'structures', name: 'Structures', keys: ['J'] },
  { id: 'structures-hide', name: 'Hide or show structures', keys: ['Shift+J'] },
  { id: 'slab-thinner', name: 'Thinner slab', keys: ['['] },
  { id: 'slab-thicker', name: 'Thicker slab', keys: [']'] },
  { id: 'slab-mode', name: 'Slab: MIP, MinIP, average, off', keys: ['Shift+M'] },
  { id: 'fusion', name: 'Fusion', keys: ['Alt+F'] },
  { id: 'colours-next', name: 'Next colour map', keys: ['Alt+G'] },
  { id: 'fusion-weaker', name: 'Fusion weaker', keys: ['Alt+['] },
  { id: 'fusion-stronger', name: 'Fusion stronger', keys: ['Alt+]'] },
  { id: 'volume-rendering', name: 'Volume rendering', keys: ['Alt+V'] },
  { id: 'link-mode', name: 'Link by place, by position, by part of the stack, off', keys: ['Alt+Y'] },
  { id: 'compare', name: 'Compare: swipe, subtract, off', keys: ['Alt+J'] },
] as const satisfies readonly Row[]

const MOVE = [
  { id: 'image-previous', name: 'Image before', keys: ['PageUp', 'ArrowUp'] },
  { id: 'image-next', name: 'Next image', keys: ['PageDown', 'ArrowDown'] },
  { id: 'image-minus-10', name: 'Ten images back', keys: ['Shift+PageUp', 'Shift+ArrowUp'] },
  { id: 'image-plus-10', name: 'Ten images on', keys: ['Shift+PageDown', 'Shift+ArrowDown'] },
  { id: 'image-first', name: 'First image', keys: ['Home'] },
  { id: 'image-last', name: 'Last image', keys: ['End'] },
  { id: 'series-previous', name: 'Series before', keys: ['ArrowLeft'] },
  { id: 'series-next', name: 'Next series', keys: ['ArrowRight'] },
  { id: 'pane-previous', name: 'Pane before', keys: [','] },
  { id: 'pane-next', name: 'Next pane', keys: ['.'] },
  { id: 'cine', name: 'Cine', keys: ['C'] },
  { id: 'image-unseen', name: 'Next image not seen', keys: ['Shift+U'] },
] as const satisfies readonly Row[]

const HANGING = [
  { id: 'layout-1x1', name: 'Layout 1×1', keys: ['Alt+1'] },
  { id: 'layout-1x2', name: 'Layout 1×2', keys: ['Alt+2'] },
  { id: 'layout-2x2', name: 'Layout 2×2', keys: ['Alt+3'] },
  { id: 'layout-3x3', name: 'Layout 3×3', keys: ['Alt+4'] },
  { id: 'layout-4x4', name: 'Layout 4×4', keys: ['Alt+5'] },
  { id: 'layout-2x1', name: 'Layout 2×1', keys: ['Alt+6'] },
  { id: 'layout-1x3', name: 'Layout 1×3', keys: ['Alt+7'] },
  { id: 'layout-2x3', name: 'Layout 2×3', keys: ['Alt+8'] },
  { id: 'layout-2x4', name: 'Layout 2×4', keys: ['Alt+9'] },
  { id: 'layout', name: 'Layout…', keys: ['G'] },
  { id: 'mpr', name: 'Three planes (MPR)', keys: ['V'] },
  { id: 'curved', name: 'Curved reformat', keys: ['Shift+C'] },
  { id: 'stage-next', name: 'Next stage of the protocol', keys: ['Alt+.'] },
  { id: 'stage-previous', name: 'Stage before', keys: ['Alt+,'] },
  { id: 'protocols', name: 'Hanging protocol…', keys: ['Alt+N'] },
  { id: 'protocol-save', name: 'Save what I see as my protocol…', keys: ['Alt+S'] },
  { id: 'another-window', name: 'Another window', keys: ['Alt+W'] },
] as const satisfies readonly Row[]

const STUDY = [
  { id: 'study-next', name: 'Next study', keys: ['N'] },
  { id: 'study-previous', name: 'Study before', keys: ['Shift+N'] },
  { id: 'read-and-next', name: 'Read, and next study', keys: ['Ctrl+Enter'] },
  { id: 'toggle-read', name: 'Read or unread', keys: ['R'] },
  { id: 'header', name: 'Tag browser', keys: ['T', 'H'] },
  { id: 'study-custody', name: 'On the server…', keys: ['Alt+C'] },
  { id: 'export-pictures', name: 'Export pictures…', keys: ['Ctrl+E'] },
  { id: 'print', name: 'Print…', keys: ['Ctrl+P'] },
  { id: 'export-studies', name: 'Export studies…', keys: ['Alt+X'] },
  { id: 'priors', name: 'Studies of the patient', keys: ['Alt+P'] },
  { id: 'menu', name: 'Menu', keys: ['ContextMenu', 'Q'] },
  { id: 'cancel', name: 'Cancel the tool', keys: ['Escape'], fixed: true },
  { id: 'report', name: 'Report', keys: ['F4'] },
  { id: 'report-caret', name: 'Caret to the report, or back', keys: ['F6'] },
  { id: 'report-sign', name: 'Sign the report', keys: ['Ctrl+Shift+Enter'] },
  { id: 'worklist', name: 'Worklist', keys: ['Backspace', 'Alt+ArrowLeft'] },
] as const satisfies readonly Row[]

const GROUPED = {
  Everywhere: EVERYWHERE,
  Lists: LISTS,
  Studies: STUDIES,
  Tools: TOOLS,
  Measure: MEASURE,
  Window: WINDOW,
  View: VIEW,
  Move: MOVE,
  Hanging: HANGING,
  Study: STUDY,
} as const satisfies Record<ActionGroup, readonly Row[]>

export type ActionId = (typeof GROUPED)[ActionGroup][number]['id']
export type EverywhereId = (typeof EVERYWHERE)[number]['id']
export type ListActionId = (typeof LISTS)[number]['id'] | (typeof STUDIES)[number]['id']

export interface ActionRow extends Row {
  id: ActionId
  group: ActionGroup
  room: ActionRoom
}

function roomOf(group: ActionGroup): ActionRoom {
  if (group === 'Everywhere') return 'everywhere'
  return group === 'Lists' || group === 'Studies' ? 'worklist' : 'viewer'
}

/** Everything a reader can do with a key: what names, menus, tooltips, palette, key sheet and the settings are made of. */
export const ACTIONS: readonly ActionRow[] = GROUPS.flatMap(group =>
  GROUPED[group].map((row): ActionRow => ({ ...row, group, room: roomOf(group) })),
)

const BY_ID = new Map<string, ActionRow>(ACTIONS.map(row => [row.id, row]))

export function isActionId(id: string): id is ActionId {
  return BY_ID.has(id)
}

export function actionRow(id: ActionId): ActionRow {
  return BY_ID.get(id)!
}
