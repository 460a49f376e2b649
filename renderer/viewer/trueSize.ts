import { scaleOf } from '../../shared/viewing/measure/scale.ts'
import { call } from '../client.ts'
import { measuredFrame } from './marks/index.ts'
import type { Pane } from './pane.ts'
import { useSession } from './session.ts'

/** mm of one device pixel of this display, as the reader measured it; a browser knows only a guess. */
const SETTING = 'viewer.mmPerDevicePixel'
let measured: number | undefined

export async function mmPerDevicePixel(): Promise<number | undefined> {
  if (measured !== undefined) return measured
  const kept = (await call('settings.get', {}).catch(() => ({}) as Record<string, unknown>))[SETTING]
  if (typeof kept === 'number' && kept > 0.02 && kept < 2) measured = kept
  return measured
}

export async function keepDisplaySize(mm: number): Promise<void> {
  measured = mm
  await call('settings.set', { key: SETTING, value: mm })
}

/** One millimetre of the patient is one of the screen; asks for the screen's size first where it is not known. */
export async function showTrueSize(pane: Pane): Promise<void> {
  const frame = measuredFrame(pane.entry?.imageId ?? '')
  if (frame === undefined) return
  const scale = scaleOf(frame, [])
  if (scale.unit !== 'mm') return
  const mm = await mmPerDevicePixel()
  if (mm === undefined) useSession.setState({ popup: { kind: 'ruler' } })
  else pane.setZoom(scale.x / mm)
}
