import { create } from 'zustand'
import { call, onStationEvent } from '../client.ts'
import { inLanguage } from '../i18n/index.ts'
import { keptSettings } from '../keptSettings.ts'
import { announceFailure } from '../ui/index.ts'
import type { ActionId } from './actionTable.ts'
import { type KeyChoice, type Keymap, keyChoice, OWN_KEYS, resolveKeys } from './keymap.ts'
import { keyWords } from './keyOf.ts'

const SETTING = 'keys'

interface Keys {
  choice: KeyChoice
  keymap: Keymap
}

/** The keys that hold now, in every window of this user. Changed by `chooseKeys` alone. */
export const useKeys = create<Keys>(() => ({ choice: OWN_KEYS, keymap: resolveKeys(OWN_KEYS) }))

const otherWindows = new BroadcastChannel('isocenter-keys')

function hold(choice: KeyChoice): void {
  useKeys.setState({ choice, keymap: resolveKeys(choice) })
}

let read = false

async function readChoice(): Promise<void> {
  if (read) return
  const settings = await keptSettings()
  const kept = keyChoice.safeParse(settings[SETTING])
  // Chosen here meanwhile: that is newer.
  if (read) return
  read = true
  if (kept.success) hold(kept.data)
}

/** Reads the user's keys, and takes what another window chooses. Returns what stops it. */
export function followKeys(): () => void {
  const attempt = () => void readChoice().catch(() => {})
  attempt()
  // A station that was away when the window opened is asked when it is back.
  const stop = onStationEvent('connection', online => online && attempt())
  otherWindows.onmessage = ({ data }) => {
    const told = keyChoice.safeParse(data)
    if (!told.success) return
    read = true
    hold(told.data)
  }
  return () => {
    stop()
    otherWindows.onmessage = null
  }
}

/** Takes other keys: at once here and in every window, and for good in the station. What fails is said. */
export async function chooseKeys(choice: KeyChoice): Promise<void> {
  read = true
  hold(choice)
  otherWindows.postMessage(choice)
  try {
    await call('settings.set', { key: SETTING, value: choice })
  } catch (thrown) {
    announceFailure('The keys hold until the window is closed: they could not be kept.', thrown)
  }
}

/** The action a press means among some; undefined: none. */
export function actionOf<Id extends ActionId>(key: string, ids: readonly Id[]): Id | undefined {
  const { keymap } = useKeys.getState()
  return key === '' ? undefined : ids.find(id => keymap.get(id)?.includes(key))
}

/** The key that is shown for an action, as a person reads it; undefined when it has none. */
export function shownKey(id: ActionId): string | undefined {
  const key = useKeys.getState().keymap.get(id)?.[0]
  return key === undefined ? undefined : keyWords(key)
}

/** The same for what is on the screen: drawn anew when the key changes. */
export function useShownKey(id: ActionId): string | undefined {
  const key = useKeys(({ keymap }) => keymap.get(id)?.[0])
  return key === undefined ? undefined : keyWords(key)
}

/** A tooltip that names the action's key, while it has one. */
export function useTitle(words: string, id: ActionId): string {
  const key = useShownKey(id)
  const said = inLanguage(words)
  return key === undefined ? said : `${said} (${key})`
}
