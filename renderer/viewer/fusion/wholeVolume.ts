import type { SeriesStack } from '../catalog.ts'
import { needFrame } from '../frameLoader.ts'
import { holdVolume, type LiveVolume, onVolume, openVolume, type VolumeHolder } from '../volume/liveVolume.ts'

/** A volume that is all here, until it is let go. */
export interface WholeVolume {
  volume: LiveVolume
  letGo: () => void
}

/** Two requests are on their way, the others are decoded meanwhile. */
const AT_ONCE = 6

/** No pane shows them: without this they would come when the volume has waited for each. */
async function bringFrames(imageIds: readonly string[], signal: AbortSignal): Promise<void> {
  const lacking = imageIds.values()
  const bring = async () => {
    for (const imageId of lacking) {
      if (signal.aborted) return
      await needFrame(imageId)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, bring))
}

/**
 * The volume of a display set once every slice of it is here. `told`: how many are. Rejects in words where the set makes none or a
 * slice cannot be had, and with an AbortError. `holder` is told when memory is wanted for what is shown.
 */
export function wholeVolume(
  stack: SeriesStack,
  told: (filled: number) => void,
  signal: AbortSignal,
  holder: VolumeHolder,
): Promise<WholeVolume> {
  const volume = openVolume(stack)
  if ('refusal' in volume) return Promise.reject(new Error(volume.refusal))
  const letGo = holdVolume(volume, holder)
  return new Promise((resolve, reject) => {
    const rest = () => {
      unsubscribe()
      signal.removeEventListener('abort', abort)
    }
    const stop = (reason: unknown) => {
      rest()
      letGo()
      reject(reason)
    }
    const look = () => {
      told(volume.filled)
      if (volume.filled === volume.plan.slices.length) {
        rest()
        resolve({ volume, letGo })
      } else if (volume.trouble !== undefined) stop(new Error(volume.trouble))
    }
    const abort = () => stop(signal.reason)
    const unsubscribe = onVolume(volume, look)
    signal.addEventListener('abort', abort, { once: true })
    look()
    void bringFrames(stack.imageIds, signal)
  })
}
