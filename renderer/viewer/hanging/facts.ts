import type { SeriesSummary, StudySummary } from '../../../shared/contract.ts'
import { regionsOf } from '../../../shared/viewing/bodyParts.ts'
import { planeName } from '../../../shared/viewing/geometry.ts'
import { earlierStudies } from '../../../shared/viewing/hanging/earlier.ts'
import type { PatientFacts, SetFacts, StudyFacts } from '../../../shared/viewing/hanging/facts.ts'
import { contrastSaid, planeSaid, wordsOf } from '../../../shared/viewing/hanging/words.ts'
import { frameAttributes, type ImageAttributes } from '../../../shared/viewing/image.ts'
import { readingRank } from '../../../shared/viewing/seriesOrder.ts'
import type { SeriesStack } from '../catalog.ts'
import { type StripItem, stripItems } from '../strip.ts'

type Stacks = ReadonlyMap<string, SeriesStack[]>

/** Their images are read one by one, or their clips: a series of them may be many sets. */
const SEVERAL = new Set(['CR', 'DX', 'MG', 'IO', 'PX', 'US', 'IVUS', 'XA', 'RF', 'ES', 'XC'])
const KINDS = ['stack', 'localizer', 'secondary', 'other'] as const

function firstAttributes({ manifest, entries: [first] }: SeriesStack): ImageAttributes {
  return first === undefined ? {} : frameAttributes(manifest, first.instance, first.frame)
}

/** '1.5 mm' in a description. */
function thicknessSaid(text: string): number | undefined {
  const [, number] = /(\d+(?:[.,]\d+)?)\s*mm/i.exec(text) ?? []
  return number === undefined ? undefined : Number(number.replace(',', '.'))
}

function factsOf(item: StripItem): SetFacts {
  const { StudyInstanceUID, SeriesInstanceUID, id, series, stack } = item
  const words = wordsOf(series.SeriesDescription, stack?.set.label ?? '')
  const attributes = stack === undefined ? {} : firstAttributes(stack)
  const { normal } = stack?.set ?? {}
  const rank = readingRank(series, stack?.set.kind)
  return {
    StudyInstanceUID,
    SeriesInstanceUID,
    id,
    Modality: series.Modality,
    words,
    regions: regionsOf([...words, ...wordsOf(series.BodyPartExamined)]),
    kind: rank === 0 ? (stack?.set.kind ?? 'stack') : (KINDS[rank] ?? 'other'),
    images: stack?.imageIds.length ?? item.images,
    several: stack === undefined && SEVERAL.has(series.Modality) && series.NumberOfSeriesRelatedInstances > 1,
    known: stack !== undefined,
    plane: normal ? planeName(normal) : planeSaid(words),
    laterality: attributes.ImageLaterality,
    view: attributes.ViewPosition,
    imageType: attributes.ImageType,
    thickness: attributes.SliceThickness ?? stack?.set.spacing ?? thicknessSaid(series.SeriesDescription),
    contrast: contrastSaid(words),
  }
}

function studyFacts(study: StudySummary, series: SeriesSummary[] | undefined, stacks: Stacks): StudyFacts {
  const { StudyInstanceUID, StudyDate: date, StudyDescription, BodyPartExamined, ModalitiesInStudy } = study
  const words = wordsOf(StudyDescription)
  return {
    StudyInstanceUID,
    date,
    modalities: ModalitiesInStudy,
    words,
    regions: regionsOf([...words, ...wordsOf(...BodyPartExamined)]),
    sets: series && stripItems(StudyInstanceUID, series, stacks).map(factsOf),
  }
}

/** What is known of the patient now: the open study, and those before it as far as their series are on the screen. */
export function patientFacts(
  opened: { study: StudySummary; series: SeriesSummary[]; stacks: Stacks },
  others: StudySummary[] | undefined,
  seriesOf: (StudyInstanceUID: string) => SeriesSummary[] | undefined,
  windows: number,
): PatientFacts {
  const { study, series, stacks } = opened
  const earlier = study.priors === 0 ? [] : others && earlierStudies(study, others)
  return {
    current: studyFacts(study, series, stacks),
    priors: earlier?.map(other => studyFacts(other, seriesOf(other.StudyInstanceUID), stacks)),
    displays: 'isExtended' in screen && screen.isExtended === true ? 2 : 1,
    windows,
  }
}
