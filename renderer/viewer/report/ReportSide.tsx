import { useEffect, useMemo } from 'react'
import type { FigureLink } from '../../../shared/reporting/report.ts'
import type { Mark } from '../../../shared/viewing/draft.ts'
import { t } from '../../i18n/index.ts'
import {
  keepCaret,
  type MarkOffer,
  type ReportImages,
  ReportPane,
  useDictationDevices,
  useDictationOf,
  useReportPane,
} from '../../reporting/index.ts'
import { studyContents } from '../../series/index.ts'
import { announceFailure, formatDate } from '../../ui/index.ts'
import { describeFrame } from '../catalog.ts'
import { scrollDocument } from '../documents/index.ts'
import { draftOf } from '../marks/drafts.ts'
import { linesOf, measuredOf } from '../marks/figures.ts'
import { jumpTo, measuredMark } from '../marks/MarksList.tsx'
import { markName } from '../marks/markActions.ts'
import { useMarks } from '../marks/marksStore.ts'
import { saveAtReading } from '../saving/index.ts'
import { activePane, assignSeries, type Session, useSession } from '../session.ts'
import { isSlideId } from '../slides/openSlides.ts'
import { figuresOfMark } from './figuresOfMark.ts'

const REPORTS = ['SR', 'DOC']

function measuredHere(mark: Mark) {
  const { imageId, drawn } = measuredMark(mark)
  return imageId === undefined ? undefined : measuredOf(drawn, imageId)
}

function offerOf(mark: Mark): MarkOffer[] {
  const { imageId, drawn } = measuredMark(mark)
  const instance = imageId === undefined ? undefined : describeFrame(imageId)?.instance
  const measured = imageId === undefined ? undefined : measuredOf(drawn, imageId)
  if (imageId === undefined || instance === undefined || measured === undefined) return []
  const figures = figuresOfMark(mark, measured).map(figure => ({
    ...figure,
    mark: mark.id,
    SeriesInstanceUID: mark.SeriesInstanceUID,
    SOPClassUID: instance.SOPClassUID,
    SOPInstanceUID: mark.SOPInstanceUID,
    // Of a slide the whole of it is meant.
    frame: instance.NumberOfFrames > 1 && !isSlideId(imageId) ? mark.frame : null,
  }))
  const words = [markName(mark.kind), ...linesOf(mark, imageId)].join(' · ')
  return figures.length === 0 ? [] : [{ words, note: measured.scale.note, figures }]
}

/** An image of the study in a pane that can be seen, and any image of it that is laid out. */
function placeOf(session: Session): Pick<ReportImages, 'inFront' | 'image'> {
  const { study, series, assigned, layout, oneUp, stacks } = session
  const pictured = new Set(series.flatMap(one => (one.hasImages ? [one.SeriesInstanceUID] : [])))
  const own = study?.StudyInstanceUID
  const seen = assigned.slice(0, layout.rows * layout.columns).filter((_, at) => oneUp === undefined || oneUp === at)
  for (const one of [...stacks.values()].flat()) {
    const [entry] = one.entries
    const { StudyInstanceUID, SeriesInstanceUID } = one.manifest
    if (StudyInstanceUID !== own || entry === undefined || one.imageIds.length === 0) continue
    const { SOPInstanceUID } = entry.instance
    const inFront = seen.some(pane => pane?.StudyInstanceUID === own && pictured.has(pane.SeriesInstanceUID))
    return { inFront, image: { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID } }
  }
  return { inFront: false, image: undefined }
}

/** Reports and letters of this study, and studies of the patient that have some. */
function priorsOf({ study, series, others }: Session): ReportImages['priors'] {
  if (study === undefined) return []
  const { StudyInstanceUID } = study
  const own = series
    .filter(({ Modality }) => REPORTS.includes(Modality))
    .map(({ SeriesInstanceUID, SeriesDescription, Modality, SeriesDate }) => ({
      id: SeriesInstanceUID,
      words: [t('This study'), SeriesDescription || Modality, formatDate(SeriesDate)].filter(Boolean).join(' · '),
      open: () => assignSeries({ StudyInstanceUID, SeriesInstanceUID, id: SeriesInstanceUID }),
    }))
  const theirs = others
    .filter(other => other.ModalitiesInStudy.some(modality => REPORTS.includes(modality)))
    .map(other => ({
      id: other.StudyInstanceUID,
      words: [formatDate(other.StudyDate), other.StudyDescription].filter(Boolean).join(' · '),
      open: () => void openReportOf(other.StudyInstanceUID, StudyInstanceUID),
    }))
  return [...own, ...theirs]
}

/** `beside`: the study that is open; behind the next one its reports do not follow. */
async function openReportOf(StudyInstanceUID: string, beside: string): Promise<void> {
  try {
    const { series } = await studyContents(StudyInstanceUID)
    const report = series.find(({ Modality }) => REPORTS.includes(Modality))
    if (report === undefined || useSession.getState().study?.StudyInstanceUID !== beside) return
    const { SeriesInstanceUID } = report
    assignSeries({ StudyInstanceUID, SeriesInstanceUID, id: SeriesInstanceUID })
  } catch (thrown) {
    announceFailure('The report could not be opened.', thrown)
  }
}

/** What the report of the open study needs of its images. */
export function reportImages(session: Session): ReportImages | undefined {
  const { study } = session
  if (study === undefined) return undefined
  const { StudyInstanceUID } = study
  const keeper = draftOf(StudyInstanceUID)
  return {
    study,
    ...placeOf(session),
    offers: () => keeper.draft.marks.toReversed().flatMap(offerOf),
    figureOf: ({ mark: id, name }: FigureLink) => {
      const mark = keeper.draft.marks.find(one => one.id === id)
      const measured = mark && measuredHere(mark)
      return measured && figuresOfMark(mark, measured).find(figure => figure.name === name)
    },
    onMarks: listener => keeper.state.subscribe(listener),
    show: ({ mark, SeriesInstanceUID, SOPInstanceUID, frame }) => {
      useMarks.setState({ selected: mark, hidden: false })
      const kept = keeper.draft.marks.find(one => one.id === mark)
      jumpTo(StudyInstanceUID, kept ?? { SeriesInstanceUID, SOPInstanceUID, frame: frame ?? 1 })
    },
    onRead: () => void saveAtReading(StudyInstanceUID),
    priors: priorsOf(session),
  }
}

function stepImages(by: 1 | -1): void {
  const pane = activePane()
  if (pane !== undefined && !scrollDocument(pane.id, by)) pane.step(by)
}

/** The report beside the panes, of the study that is open. */
export function ReportSide() {
  const open = useReportPane(state => state.open)
  const session = useSession()
  const { study, series, others, stacks, assigned, layout, oneUp } = session
  useEffect(keepCaret, [])
  useDictationOf(study?.StudyInstanceUID)
  useDictationDevices(stepImages)
  // biome-ignore lint/correctness/useExhaustiveDependencies: what it is made of; the rest of the session moves with every hand.
  const images = useMemo(() => reportImages(session), [study, series, others, stacks, assigned, layout, oneUp])
  if (!open || images === undefined) return null
  return <ReportPane key={images.study.StudyInstanceUID} images={images} />
}
