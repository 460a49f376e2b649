import { Download, Images, StickyNote } from 'lucide-react'
import { isReformatUid } from '../../../shared/viewing/volume/reformatUid.ts'
import { announce } from '../../ui/index.ts'
import { type Action, act } from '../action.ts'
import type { Pane } from '../pane.ts'
import { exportObject } from './exportObject.ts'
import { showsKeyImages, toggleKeyImages } from './keyImages.ts'
import { cyclePresentation, presentedIn } from './presentations.ts'

function exportShown({ stack, entry }: Pane): void {
  if (stack === undefined || entry === undefined) return
  if (isReformatUid(entry.instance.SOPInstanceUID)) {
    announce('A reformat is no image of the study: it has no file')
    return
  }
  const { StudyInstanceUID, SeriesInstanceUID } = stack.manifest
  exportObject({ StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID: entry.instance.SOPInstanceUID })
}

/** What can be done with what is stored beside the images of a pane. */
export function documentActions(pane: Pane | undefined): Action[] {
  return [
    act('presentation-state', {
      icon: StickyNote,
      run: () => void (pane && cyclePresentation(pane)),
      pressed: presentedIn(pane) !== undefined,
    }),
    act('key-images-only', {
      icon: Images,
      run: () => void (pane && toggleKeyImages(pane)),
      pressed: showsKeyImages(pane),
    }),
    {
      id: 'export-object',
      name: 'Export the file of this image',
      keys: [],
      group: 'Study',
      icon: Download,
      run: () => pane && exportShown(pane),
    },
  ]
}
