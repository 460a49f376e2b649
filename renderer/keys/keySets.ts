import type { ActionId } from './actionTable.ts'

export const KEY_SET_NAMES = ['isocenter', 'horos', 'weasis', 'ohif', 'sectra', 'visage'] as const
export type KeySetName = (typeof KEY_SET_NAMES)[number]

export interface KeySet {
  title: string
  /** Where its keys are from, for who chooses it. */
  note: string
  /**
   * What differs from Isocenter's own. A key that is given away here is taken from the action that has it; where that would
   * leave an action without a key, it gets another one here. Keys of things Isocenter does not do keep Isocenter's meaning.
   */
  keys: Partial<Record<ActionId, readonly string[]>>
}

/** The keys hands know, as far as they are documented in public (looked up in November 2026). */
export const KEY_SETS: Record<KeySetName, KeySet> = {
  isocenter: { title: 'Isocenter', note: 'Isocenter’s own.', keys: {} },
  // DefaultsOsiriX.m of Horos's public sources: the keys a new installation has.
  horos: {
    title: 'Horos',
    note: 'The keys of a new Horos or OsiriX, from their public sources.',
    keys: {
      'window-stored': ['~', '0'],
      'flip-vertical': ['V'],
      'flip-horizontal': ['H'],
      'fusion-weaker': ['Alt+{'],
      'fusion-stronger': ['Alt+}'],
      'tool-pan': ['M'],
      'mark-text': ['T'],
      'mark-arrow': ['Q', 'Shift+L'],
      'tool-crosshair': ['Y', 'Shift+X'],
      'toggle-read': ['.', '/', 'R'],
      // What these had.
      'mark-list': ['Shift+M'],
      'header': ['Shift+D'],
      'mark-freehand': ['Alt+Shift+D'],
      'menu': ['ContextMenu'],
      'pane-previous': ['['],
      'pane-next': [']'],
      'mpr': ['Shift+V'],
      'slab-thinner': ['Alt+['],
      'slab-thicker': ['Alt+]'],
      'slab-mode': ['Alt+M'],
      'segments': ['Alt+Shift+M'],
    },
  },
  // weasis.org, Keyboard and Mouse Shortcuts (2D DICOM viewer). Esc, its reset, cancels here as everywhere.
  weasis: {
    title: 'Weasis',
    note: 'From the shortcuts on weasis.org. Esc cancels here; it does not reset the view.',
    keys: {
      'tool-pan': ['T'],
      'tool-crosshair': ['H'],
      'mark-length': ['D'],
      'mark-text': ['B'],
      'key-image': ['K'],
      'overlays': ['Space', 'I'],
      'rotate-right': ['Alt+R'],
      'rotate-left': ['Alt+L'],
      'flip-horizontal': ['Alt+F'],
      'fusion': ['Alt+Shift+F'],
      'zoom-in': ['Ctrl++'],
      'zoom-out': ['Ctrl+-'],
      'fit': ['Ctrl+Enter', 'F'],
      'study-previous': ['Ctrl+ArrowLeft', 'Shift+N'],
      'study-next': ['Ctrl+ArrowRight', 'N'],
      // What these had.
      'read-and-next': ['Ctrl+Shift+Enter'],
      'report-sign': ['Ctrl+Alt+Enter'],
      'header': ['Shift+D'],
      'mark-probe': ['Shift+P'],
      'mark-bidirectional': ['Shift+B'],
      'linked': ['Shift+S'],
      'nearest': ['Shift+O'],
      'mark-livewire': ['Alt+Shift+L'],
      'mark-freehand': ['Alt+Shift+D'],
      'mark-polyline': ['Alt+Shift+P'],
      'mark-cardiothoracic': ['Alt+Shift+B'],
      'mark-spline': ['Alt+Shift+S'],
      'presentation-state': ['Alt+O'],
      'segment-scissors': ['Alt+Shift+O'],
    },
  },
  // hotkeyBindings.js of OHIF's public sources (platform/core, defaults).
  ohif: {
    title: 'OHIF',
    note: 'The defaults of the OHIF viewer, from its public sources.',
    keys: {
      'fit': ['='],
      'rotate-right': ['R'],
      'rotate-left': ['L'],
      'flip-horizontal': ['H'],
      'flip-vertical': ['V'],
      'invert': ['I'],
      'pane-next': ['ArrowRight', '.'],
      'pane-previous': ['ArrowLeft', ','],
      'series-previous': ['PageUp'],
      'series-next': ['PageDown'],
      'image-previous': ['ArrowUp'],
      'image-next': ['ArrowDown'],
      'reset': ['Space'],
      'mark-delete': ['Backspace', 'Delete'],
      'mark-redo': ['Ctrl+Y', 'Ctrl+Shift+Z'],
      // What these had.
      'one-to-one': ['Ctrl+1'],
      'toggle-read': ['Shift+R'],
      'mark-length': ['D'],
      'mark-probe': ['Shift+P'],
      'mark-polyline': ['Alt+Shift+P'],
      'nearest': ['Shift+O'],
      'presentation-state': ['Alt+O'],
      'segment-scissors': ['Alt+Shift+O'],
      'key-image': ['*'],
      'worklist': ['Alt+ArrowLeft'],
      'mpr': ['Shift+V'],
    },
  },
  // Sectra publishes no list, and each site sets its own. These are the defaults that one hospital's public guide to IDS7 names.
  sectra: {
    title: 'Sectra',
    note: 'Sectra publishes no list of its keys. These few are from a hospital’s public guide to IDS7; the others are Isocenter’s.',
    keys: {
      'cine': ['C'],
      'flip-horizontal': ['Ctrl+H'],
      'flip-vertical': ['Ctrl+V'],
      'rotate-right': ['Ctrl+O'],
      'reset': ['Ctrl+R', 'Ctrl+Shift+R'],
    },
  },
  // Nothing was found that is public and names a key: the manuals describe tools and mouse only, and each site sets its own.
  visage: {
    title: 'Visage',
    note: 'No public document names the keys of Visage 7. This set is Isocenter’s own, to be changed to what you know.',
    keys: {},
  },
}
