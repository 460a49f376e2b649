import { create } from 'zustand'
import { call } from '../client.ts'
import { keptSettings } from '../keptSettings.ts'
import { announceFailure } from '../ui/index.ts'

/** In the station's settings of the user: the end of the last outage whose summary was seen, epoch ms. */
const SETTING = 'central:seen-outage'

/** Undefined until the station has said it. */
export const useSeen = create<{ seen: number | undefined }>(() => ({ seen: undefined }))

export async function readSeen(): Promise<void> {
  const settings = await keptSettings().catch(() => undefined)
  const kept = settings?.[SETTING]
  if (settings !== undefined) useSeen.setState({ seen: typeof kept === 'number' ? kept : 0 })
}

/** This summary, and those before it, are not shown again. */
export async function see(until: number): Promise<void> {
  const { seen = 0 } = useSeen.getState()
  useSeen.setState({ seen: Math.max(seen, until) })
  try {
    await call('settings.set', { key: SETTING, value: Math.max(seen, until) })
  } catch (thrown) {
    useSeen.setState({ seen })
    announceFailure('It could not be kept as seen.', thrown)
  }
}
