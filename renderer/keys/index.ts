import './keys.css'

export {
  ACTIONS,
  type ActionGroup,
  type ActionId,
  type ActionRow,
  actionRow,
  type EverywhereId,
  type ListActionId,
} from './actionTable.ts'
export { KeySheet } from './KeySheet.tsx'
export {
  changedActions,
  dropKey,
  exportKeys,
  giveKey,
  holdersOf,
  importKeys,
  type KeyChoice,
  type Keymap,
  MAX_KEYS,
  refusal,
  resetKeys,
} from './keymap.ts'
export { isOfField, isTyping, keyOf, keyWords } from './keyOf.ts'
export { KEY_SET_NAMES, KEY_SETS, type KeySetName } from './keySets.ts'
export { actionOf, chooseKeys, followKeys, shownKey, useKeys, useShownKey, useTitle } from './keysStore.ts'
export { Palette, type PaletteItem } from './Palette.tsx'
