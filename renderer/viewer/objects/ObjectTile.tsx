import { Layers2, Send } from 'lucide-react'
import { t } from '../../i18n/index.ts'
import { askWhereTo } from '../../network/index.ts'
import type { StackEntry } from '../catalog.ts'
import { useSession } from '../session.ts'
import { listedObjects, loadObject, useObjects } from './objectsStore.ts'
import { showOnImages } from './openOnImages.ts'

/** What a tile without a picture offers where its object is one that is drawn on others, or says something of them. */
export function ObjectTile({ entry, index }: { entry: StackEntry; index: number }) {
  const stacks = useSession(session => session.stacks)
  const study = useSession(session => session.study)
  const { contentId, SOPInstanceUID } = entry.instance
  const imageless = useObjects(state => state.imageless.has(SOPInstanceUID))
  const reading = useObjects(state => state.readings.get(contentId))
  const listed = listedObjects({ stacks }).find(one => one.contentId === contentId)
  if (listed === undefined) return null
  if (listed.kind === 'plan') {
    const read = () => {
      useObjects.setState({ listed: true })
      void loadObject(listed)
    }
    return (
      <button type="button" onClick={read}>
        <Layers2 aria-hidden /> {t('What the plan says')}
      </button>
    )
  }
  const series = reading?.state === 'here' && 'series' in reading.object ? reading.object.series : []
  const onSlide = series.some(({ SeriesInstanceUID }) =>
    stacks.get(SeriesInstanceUID)?.some(({ set }) => set.kind === 'slide'),
  )
  return (
    <>
      {reading?.state === 'failed' && <div className="failure">{reading.words}</div>}
      {imageless && reading?.state === 'here' && (
        <div className="attention">
          {onSlide
            ? t('It is drawn on a slide, where nothing is drawn yet.')
            : t('It is drawn on images that are not here.')}
        </div>
      )}
      <button type="button" onClick={() => void showOnImages([listed], index)}>
        <Layers2 aria-hidden /> {t('Show on its images')}
      </button>
      {imageless && !onSlide && study !== undefined && (
        <button type="button" onClick={() => askWhereTo(study)}>
          <Send aria-hidden /> {t('Send to…')}
        </button>
      )}
    </>
  )
}
