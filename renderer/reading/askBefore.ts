import { z } from 'zod'
import { create } from 'zustand'
import { call, onStationEvent } from '../client.ts'
import { announceFailure } from '../ui/index.ts'

const SETTING = 'reading'
/** Written by whatever version: what cannot be read is as new. */
const stored = z.object({ askBefore: z.boolean().catch(false) }).catch({ askBefore: false })

/** Whether marking a study as read asks first where images were not seen. */
export const useAskBefore = create<{ askBefore: boolean }>(() => ({ askBefore: false }))

const otherWindows = new BroadcastChannel('isocenter-reading')
let read = false

async function readSetting(): Promise<void> {
  if (read) return
  const settings = await call('settings.get', {})
  // Chosen here meanwhile: that is newer.
  if (read) return
  read = true
  useAskBefore.setState(stored.parse(settings[SETTING] ?? {}))
}

/** Reads what the user set, and takes what another window sets. Returns what stops it. */
export function followAskBefore(): () => void {
  const attempt = () => void readSetting().catch(() => {})
  attempt()
  // A station that was away when the window opened is asked when it is back.
  const stop = onStationEvent('connection', online => online && attempt())
  otherWindows.onmessage = ({ data }) => {
    read = true
    useAskBefore.setState(stored.parse(data))
  }
  return () => {
    otherWindows.onmessage = null
    stop()
  }
}

export async function chooseAskBefore(askBefore: boolean): Promise<void> {
  read = true
  useAskBefore.setState({ askBefore })
  otherWindows.postMessage({ askBefore })
  try {
    await call('settings.set', { key: SETTING, value: { askBefore } })
  } catch (thrown) {
    announceFailure('It holds in these windows, but could not be kept.', thrown)
  }
}
