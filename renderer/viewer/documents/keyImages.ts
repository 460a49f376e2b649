import { refersTo } from '../../../shared/viewing/documents/reference.ts'
import { t } from '../../i18n/index.ts'
import { actionRow } from '../../keys/index.ts'
import { announce } from '../../ui/index.ts'
import type { SeriesStack, StackEntry } from '../catalog.ts'
import { goesOn } from '../growth.ts'
import { draftOf } from '../marks/drafts.ts'
import type { Pane } from '../pane.ts'
import { useSession } from '../session.ts'
import { isReading, NO_OBJECTS, useStudyObjects, whenRead } from './studyObjects.ts'

const SUFFIX = '#key images'

/** Whether a stored selection or the reader has chosen an image. */
export function isChosen(StudyInstanceUID: string, { instance, frame }: StackEntry): boolean {
  const { keyObjects } = useStudyObjects.getState().studies.get(StudyInstanceUID) ?? NO_OBJECTS
  const { SOPInstanceUID } = instance
  return (
    keyObjects.some(({ references }) => references.some(one => refersTo(one, SOPInstanceUID, frame))) ||
    draftOf(StudyInstanceUID).draft.keyImages.some(one => one.SOPInstanceUID === SOPInstanceUID && one.frame === frame)
  )
}

/** The key images of a stack as one of their own; undefined where it has none. */
function keyStack(stack: SeriesStack): SeriesStack | undefined {
  const entries = stack.entries.filter(
    entry => entry.unshowable === undefined && isChosen(stack.manifest.StudyInstanceUID, entry),
  )
  if (entries.length === 0) return undefined
  const { set } = stack
  const label = [set.label, 'key images'].filter(Boolean).join(' · ')
  return {
    ...stack,
    isChosen: true,
    // Positions between them say nothing of what is missing.
    entries: entries.map(({ marks: _marks, ...entry }) => entry),
    imageIds: entries.map(entry => entry.imageId),
    set: { ...set, id: `${set.id}${SUFFIX}`, label, missing: 0, duplicated: 0, uneven: false },
  }
}

/** Only the key images are seen. */
export function showsKeyImages(pane: Pane | undefined): boolean {
  return pane?.stack?.set.id.endsWith(SUFFIX) ?? false
}

/** A pane shows only the key images of its series, or all of it again, at the image that is seen. */
export async function toggleKeyImages(pane: Pane): Promise<void> {
  const { stack } = pane
  if (stack === undefined) return
  if (keyStack(stack) === undefined && isReading()) {
    await whenRead(t('The key images are still being read'))
    if (pane.stack !== stack) return
  }
  const { stacks } = useSession.getState()
  const whole = [...(stacks.get(stack.manifest.SeriesInstanceUID) ?? [])]
  const next = showsKeyImages(pane) ? whole.find(({ set }) => `${set.id}${SUFFIX}` === stack.set.id) : keyStack(stack)
  if (next === undefined) {
    announce(nothingWords(stack))
    return
  }
  const view = pane.view()
  const imageId = pane.entry?.imageId
  const index = Math.max(
    0,
    next.entries.findIndex(entry => entry.imageId === imageId),
  )
  await pane.open(next, view.range, index)
  // Another series may hang there by now.
  if (goesOn(pane.stack, next)) pane.setView(view)
}

function nothingWords({ manifest }: SeriesStack): string {
  const { stacks } = useSession.getState()
  const others = [...stacks.values()].flat().filter(stack => {
    const { StudyInstanceUID, SeriesInstanceUID } = stack.manifest
    return StudyInstanceUID === manifest.StudyInstanceUID && SeriesInstanceUID !== manifest.SeriesInstanceUID
  })
  const numbers = others
    .filter(stack => keyStack(stack) !== undefined)
    .map(stack => stack.manifest.SeriesNumber ?? stack.manifest.SeriesDescription)
  if (numbers.length > 0)
    return t('No key images in this series; there are some in series {{numbers}}', {
      numbers: [...new Set(numbers)].join(', '),
    })
  return t('No key images in this study: {{action}} on an image makes it one', {
    action: t(actionRow('key-image').name),
  })
}
