import { z } from 'zod'
import { create } from 'zustand'
import { call, onStationEvent } from '../client.ts'
import { announceFailure } from '../ui/index.ts'

const SETTING = 'saveOnRead'
const stored = z.boolean().catch(true)

/** Whether marking a study as read saves what was marked in it. */
export const useSaveOnRead = create<{ saveOnRead: boolean }>(() => ({ saveOnRead: true }))

const otherWindows = new BroadcastChannel('isocenter-save-on-read')
let read = false

async function readSetting(): Promise<void> {
  if (read) return
  const settings = await call('settings.get', {})
  // Chosen here meanwhile: that is newer.
  if (read) return
  read = true
  useSaveOnRead.setState({ saveOnRead: stored.parse(settings[SETTING]) })
}

/** Reads what the user set, and takes what another window sets. Returns what stops it. */
export function followSaveOnRead(): () => void {
  const attempt = () => void readSetting().catch(() => {})
  attempt()
  const stop = onStationEvent('connection', online => online && attempt())
  otherWindows.onmessage = ({ data }) => {
    read = true
    useSaveOnRead.setState({ saveOnRead: stored.parse(data) })
  }
  return () => {
    otherWindows.onmessage = null
    stop()
  }
}

export async function chooseSaveOnRead(saveOnRead: boolean): Promise<void> {
  read = true
  useSaveOnRead.setState({ saveOnRead })
  otherWindows.postMessage(saveOnRead)
  try {
    await call('settings.set', { key: SETTING, value: saveOnRead })
  } catch (thrown) {
    announceFailure('It holds in these windows, but could not be kept.', thrown)
  }
}
