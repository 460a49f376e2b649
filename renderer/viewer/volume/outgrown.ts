import { msg } from '../../i18n/index.ts'
import type { SeriesStack } from '../catalog.ts'
import { useSession } from '../session.ts'

/** What is said of a volume that was made before the last images of its series came, or of images that are gone. */
export const OUTGROWN = msg('images have come or gone since: switch it off and on')

/** Whether its display set has other images by now: a volume is made once, of those that were here. */
export function useOutgrown(stack: SeriesStack | undefined): boolean {
  return useSession(({ stacks }) => {
    const laidOut = stacks.get(stack?.manifest.SeriesInstanceUID ?? '')
    if (stack === undefined || laidOut === undefined || laidOut.includes(stack)) return false
    const { imageIds } = stack
    return !laidOut.some(
      one => one.imageIds.length === imageIds.length && one.imageIds.every((id, at) => id === imageIds[at]),
    )
  })
}
