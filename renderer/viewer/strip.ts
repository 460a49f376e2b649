import type { SeriesSummary } from '../../shared/contract.ts'
import { orderSeries, readingRank } from '../../shared/viewing/seriesOrder.ts'
import { heard, t } from '../i18n/index.ts'
import { describeSeries } from '../series/index.ts'
import type { SeriesStack } from './catalog.ts'

/** What a pane was given: a display set of a series. Before the manifest is here the set is named by the bare series. */
export interface Assignment {
  StudyInstanceUID: string
  SeriesInstanceUID: string
  /** Display set. */
  id: string
}

export function assignmentOf({ StudyInstanceUID, SeriesInstanceUID, id }: Assignment): Assignment {
  return { StudyInstanceUID, SeriesInstanceUID, id }
}

/** One card of the strip: a display set, or a whole series while its manifest is not here. */
export interface StripItem extends Assignment {
  series: SeriesSummary
  stack: SeriesStack | undefined
  hasImages: boolean
  title: string
  images: number
}

/** A study's cards as they are offered: by series, the sets of each in their order; localizers and what is no picture last. */
export function stripItems(
  StudyInstanceUID: string,
  series: SeriesSummary[],
  stacks: ReadonlyMap<string, SeriesStack[]>,
): StripItem[] {
  const items = orderSeries(series).flatMap((one): StripItem[] => {
    const { SeriesInstanceUID } = one
    const common = { StudyInstanceUID, SeriesInstanceUID, series: one }
    const laidOut = stacks.get(SeriesInstanceUID) ?? []
    if (laidOut.length === 0) {
      const images = one.frames || one.NumberOfSeriesRelatedInstances
      const title = describeSeries(one)
      return [{ ...common, id: SeriesInstanceUID, stack: undefined, hasImages: one.hasImages, title, images }]
    }
    return laidOut.map(stack => ({
      ...common,
      id: stack.set.id,
      stack,
      hasImages: stack.imageIds.length > 0 || stack.set.kind === 'slide',
      title: [describeSeries(one), heard(stack.set.label)].filter(Boolean).join(' · '),
      images: stack.entries.length,
    }))
  })
  const rank = ({ series: one, stack }: StripItem) => readingRank(one, stack?.set.kind)
  return items.sort((a, b) => rank(a) - rank(b))
}

/** The stack a pane is to show: the set it names, else the series' first with a picture. */
export function stackOf(wanted: { id: string }, stacks: SeriesStack[]): SeriesStack | undefined {
  return (
    stacks.find(stack => stack.set.id === wanted.id) ??
    // Before its label, which is a picture.
    stacks.find(stack => stack.set.kind === 'slide') ??
    stacks.find(stack => stack.set.kind === 'stack' && stack.imageIds.length > 0) ??
    stacks.find(stack => stack.imageIds.length > 0) ??
    stacks[0]
  )
}

/** What a set's positions lack, in words; empty when nothing does. */
export function setMarks({
  missing,
  duplicated,
  uneven,
}: Pick<SeriesStack['set'], 'missing' | 'duplicated' | 'uneven'>): string[] {
  return [
    ...(missing > 0 ? [t('{{missing}} missing', { missing })] : []),
    ...(duplicated > 0 ? [t('{{number}} duplicated', { number: duplicated })] : []),
    ...(uneven ? [t('uneven spacing')] : []),
  ]
}
