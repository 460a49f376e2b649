import type { DataSet } from '../../dicom/reader.ts'
import { normaliseUID } from '../../dicom/uids.ts'
import type { NewDataSet } from '../../dicom/writer.ts'
import { readReference } from '../documents/reference.ts'
import { byStudy, frameReference, imageReferences, type ReferencedFrame, type ReferencedObject } from './content.ts'
import { momentOf, type NewObject } from './newObject.ts'

export const STRUCTURED_DISPLAY = '1.2.840.10008.5.1.4.1.1.131'
export const LAYOUT_SERIES = 'Isocenter layout'

/** What hangs in a grid, row by row; undefined or empty: an empty pane. */
export interface DisplayGrid {
  rows: number
  columns: number
  panes: ReadonlyArray<readonly ReferencedFrame[] | undefined>
}

/** All of a screen: the upper left corner, then the lower right one; (0, 0) lies bottom left (PS3.3 C.11.17.1.1). */
const WHOLE = [0, 1, 1, 0]
/** IEEE doubles are written; what is read may have been made with other digits. */
const NEAR = 1e-3

/**
 * What hung where, as a Basic Structured Display (PS3.3 A.33.7): a box for each pane that is not empty, with the images it steps
 * through. How they are seen is in the presentation states of the same images. `screen`: pixels. Undefined where nothing hangs.
 */
export function structuredDisplay(
  { rows, columns, panes }: DisplayGrid,
  screen: { width: number; height: number },
  place: Pick<NewObject, 'SeriesInstanceUID' | 'InstanceNumber'>,
  own: string,
  now: Date,
): NewObject | undefined {
  const seen = panes.slice(0, rows * columns)
  const boxes = seen.flatMap((images, at): NewDataSet[] => {
    if (images === undefined || images.length === 0) return []
    const [row, column] = [Math.floor(at / columns), at % columns]
    return [
      {
        DisplayEnvironmentSpatialPosition: [
          column / columns,
          1 - row / rows,
          (column + 1) / columns,
          1 - (row + 1) / rows,
        ],
        ImageBoxNumber: at + 1,
        ImageBoxLayoutType: images.length > 1 ? 'STACK' : 'SINGLE',
        ReferencedImageSequence: imageReferences(images),
        // Where a stack begins; which image was looked at last is the reader's own.
        ...(images.length > 1 && { ReferencedFirstFrameSequence: [frameReference(images[0]!)] }),
      },
    ]
  })
  if (boxes.length === 0) return undefined
  const { date, time } = momentOf(now)
  const evidence = seen.flatMap(images => images ?? [])
  return {
    SOPClassUID: STRUCTURED_DISPLAY,
    Modality: 'PR',
    ...place,
    SeriesNumber: 9804,
    SeriesDescription: LAYOUT_SERIES,
    body: {
      // Of images: 2C, and empty where it is theirs to say.
      Laterality: '',
      ContentLabel: 'ISOCENTER',
      ContentDescription: `Isocenter layout, version ${place.InstanceNumber}`,
      ContentCreatorName: '',
      PresentationCreationDate: date,
      PresentationCreationTime: time,
      NumberOfScreens: 1,
      NominalScreenDefinitionSequence: [
        {
          NumberOfVerticalPixels: Math.min(65_535, screen.height),
          NumberOfHorizontalPixels: Math.min(65_535, screen.width),
          DisplayEnvironmentSpatialPosition: WHOLE,
          ScreenMinimumColorBitDepth: 8,
        },
      ],
      StructuredDisplayImageBoxSequence: boxes,
      ...referencedInstances(evidence, own),
    },
  }
}

/** Images of other studies stand apart. */
function referencedInstances(images: readonly ReferencedObject[], own: string): NewDataSet {
  const studies = byStudy(images, 'ReferencedInstanceSequence')
  const here = studies.find(({ StudyInstanceUID }) => StudyInstanceUID === own)
  const others = studies.filter(({ StudyInstanceUID }) => StudyInstanceUID !== own)
  return {
    ...(here && { ReferencedSeriesSequence: here.ReferencedSeriesSequence }),
    ...(others.length > 0 && { StudiesContainingOtherReferencedInstancesSequence: others }),
  }
}

/** A layout that was saved: its grid, and by pane the first image that hung there. */
export interface SavedLayout extends ReferencedObject {
  InstanceNumber: number
  date: string
  time: string
  rows: number
  columns: number
  panes: Array<Omit<ReferencedFrame, 'SOPClassUID' | 'frames'> | undefined>
}

const LARGEST = 4

/** Undefined where it is no Structured Display, or its boxes are no grid of ours (1×1 to 4×4). Never throws on what the bytes contain. */
export function readStructuredDisplay(dataSet: DataSet): SavedLayout | undefined {
  if (normaliseUID(dataSet.string('SOPClassUID')) !== STRUCTURED_DISPLAY) return undefined
  const boxes = dataSet.items('StructuredDisplayImageBoxSequence').slice(0, LARGEST * LARGEST)
  const images = boxes.map(box => {
    const [item] = box.items('ReferencedImageSequence')
    return item && readReference(item)
  })
  const placeOf = placesIn(dataSet, new Set(images.map(image => image?.SOPInstanceUID)))
  const [first] = boxes
  if (first === undefined) return undefined
  const [left = 0, top = 0, right = 0, bottom = 0] = first.numbers('DisplayEnvironmentSpatialPosition')
  const [columns, rows] = [Math.round(1 / (right - left)), Math.round(1 / (top - bottom))]
  const isSide = (count: number) => count >= 1 && count <= LARGEST
  if (!isSide(columns) || !isSide(rows)) return undefined
  const panes: SavedLayout['panes'] = Array.from({ length: rows * columns }, () => undefined)
  for (const [at, box] of boxes.entries()) {
    const [x = -1, y = -1, toX = -1, toY = -1] = box.numbers('DisplayEnvironmentSpatialPosition')
    const [column, row] = [Math.round(x * columns), Math.round((1 - y) * rows)]
    const isCell =
      column >= 0 &&
      column < columns &&
      row >= 0 &&
      row < rows &&
      Math.abs(x - column / columns) < NEAR &&
      Math.abs(1 - y - row / rows) < NEAR &&
      Math.abs(toX - (column + 1) / columns) < NEAR &&
      Math.abs(1 - toY - (row + 1) / rows) < NEAR
    if (!isCell) return undefined
    const image = images[at]
    const place = placeOf.get(image?.SOPInstanceUID ?? '')
    if (image === undefined || place === undefined) continue
    const { SOPInstanceUID, frames } = image
    panes[row * columns + column] = { ...place, SOPInstanceUID, frame: frames[0] ?? 1 }
  }
  const uid = (key: 'StudyInstanceUID' | 'SeriesInstanceUID' | 'SOPInstanceUID') => normaliseUID(dataSet.string(key))
  return {
    SOPClassUID: STRUCTURED_DISPLAY,
    StudyInstanceUID: uid('StudyInstanceUID'),
    SeriesInstanceUID: uid('SeriesInstanceUID'),
    SOPInstanceUID: uid('SOPInstanceUID'),
    InstanceNumber: dataSet.number('InstanceNumber') ?? 0,
    date: dataSet.string('PresentationCreationDate'),
    time: dataSet.string('PresentationCreationTime'),
    rows,
    columns,
    panes,
  }
}

/** What two layouts have in common that hang the same. */
export function hangsOf({ rows, columns, panes }: Pick<SavedLayout, 'rows' | 'columns' | 'panes'>): string {
  return JSON.stringify([rows, columns, panes.map(pane => pane && [pane.SOPInstanceUID, pane.frame])])
}

type Place = Pick<ReferencedObject, 'StudyInstanceUID' | 'SeriesInstanceUID'>

/** Where the images asked for lie. */
function placesIn(dataSet: DataSet, asked: ReadonlySet<string | undefined>): Map<string, Place> {
  const places = new Map<string, Place>()
  const add = (StudyInstanceUID: string, study: DataSet) => {
    for (const series of study.items('ReferencedSeriesSequence')) {
      const SeriesInstanceUID = normaliseUID(series.string('SeriesInstanceUID'))
      for (const item of series.items('ReferencedInstanceSequence')) {
        const { SOPInstanceUID = '' } = readReference(item) ?? {}
        if (asked.has(SOPInstanceUID)) places.set(SOPInstanceUID, { StudyInstanceUID, SeriesInstanceUID })
      }
    }
  }
  add(normaliseUID(dataSet.string('StudyInstanceUID')), dataSet)
  for (const study of dataSet.items('StudiesContainingOtherReferencedInstancesSequence')) {
    add(normaliseUID(study.string('StudyInstanceUID')), study)
  }
  return places
}
