import { t } from '../../i18n/index.ts'
import { announce } from '../../ui/index.ts'
import { describeFrame, type SeriesStack } from '../catalog.ts'
import { usePresented } from '../documents/presentations.ts'
import { draftOf } from '../marks/drafts.ts'
import { assignSeries, useSession } from '../session.ts'
import { dropVolume, keptVolumes, refuseVolumes } from './liveVolume.ts'
import { sourceSetId } from './reformats.ts'

// What a shutter covers of images (a name that was burnt in, a collimator's edge) must not come to light in a plane through them.

/** Why no plane or volume is made of a display set, in words; undefined: nothing of its images is covered. */
function coveredWords({ manifest, set, imageIds }: SeriesStack): string | undefined {
  const isOwn = imageIds.some(imageId => (describeFrame(imageId)?.attributes.ShutterShape?.length ?? 0) > 0)
  if (isOwn) return t('The images cover a part of themselves (display shutter): planes through them would show it.')
  if (draftOf(manifest.StudyInstanceUID).draft.shutters[set.id]) {
    return t('A part of these images is covered: planes through them would show it. Take the shutter away first.')
  }
  const isStored = Object.values(usePresented.getState().panes).some(
    one => one?.stack.set.id === set.id && !one.graphicsOnly && (one.state.shutter.ShutterShape?.length ?? 0) > 0,
  )
  return isStored
    ? t('The presentation state on the screen covers a part of these images: planes through them would show it.')
    : undefined
}

const followed = new Set<string>()

/** What is covered while planes or a volume of it hang: they go, and the images hang in their place. */
function followCovering({ manifest: { StudyInstanceUID } }: SeriesStack): void {
  if (followed.has(StudyInstanceUID)) return
  followed.add(StudyInstanceUID)
  let { shutters } = draftOf(StudyInstanceUID).draft
  draftOf(StudyInstanceUID).state.subscribe(({ draft }) => {
    if (draft.shutters === shutters) return
    shutters = draft.shutters
    closeCovered()
  })
}

function closeCovered(): void {
  for (const stack of keptVolumes()) {
    const words = coveredWords(stack)
    if (words === undefined) continue
    const { assigned } = useSession.getState()
    for (const [index, one] of assigned.entries()) {
      if (one === undefined || one.id === stack.set.id || sourceSetId(one.id) !== stack.set.id) continue
      assignSeries({ ...one, id: stack.set.id }, index)
    }
    dropVolume(stack)
    announce(words)
  }
}

/** From now on no volume is made of what is covered. Returns what ends that. */
export function followCovered(): () => void {
  refuseVolumes(stack => {
    followCovering(stack)
    return coveredWords(stack)
  })
  const stop = usePresented.subscribe(closeCovered)
  return () => {
    stop()
    refuseVolumes(() => undefined)
  }
}
