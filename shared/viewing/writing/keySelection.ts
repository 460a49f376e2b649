import type { DataSet } from '../../dicom/reader.ts'
import { KEY_OBJECT_SELECTION } from '../../dicom/rejectionNote.ts'
import { normaliseUID } from '../../dicom/uids.ts'
import { readConcept } from '../documents/reference.ts'
import { readReport, reportReferences } from '../documents/report.ts'
import { type KeyImage, keyImageId } from '../draft.ts'
import {
  compositeItem,
  concept,
  documentBody,
  IN_ENGLISH,
  imageItem,
  OWN_SCHEME,
  type ReferencedFrame,
  type ReferencedObject,
  textItem,
} from './content.ts'
import type { Version } from './measurementReport.ts'
import type { NewObject } from './newObject.ts'
import { evidenceOf } from './readMeasurements.ts'

export const KEYS_SERIES = 'Isocenter key images'

const OF_INTEREST = concept('113000', 'DCM', 'Of Interest')
/** A selection cannot be empty (PS3.3 A.35.4.3.1): that none is left is a selection of the one before, under this title. */
const WITHDRAWN = concept('WITHDRAWN', OWN_SCHEME, 'Key images withdrawn')
const DESCRIPTION = concept('113012', 'DCM', 'Key Object Description')

/**
 * Key images as a Key Object Selection (PS3.16 TID 2010). A selection has no place for its predecessor (PS3.3 A.35.4): the newest of
 * our series is the one that holds, and says in words that it stands for the earlier ones. Undefined where there is nothing to say:
 * no image, and none before.
 */
export function keySelection(images: readonly ReferencedFrame[], version: Version): NewObject | undefined {
  const { predecessor, ...place } = version
  if (images.length === 0 && predecessor === undefined) return undefined
  const replaces = predecessor
    ? [textItem('CONTAINS', DESCRIPTION, `Version ${place.InstanceNumber}: stands for the ones before it.`)]
    : []
  const chosen: readonly ReferencedObject[] = images.length > 0 || predecessor === undefined ? images : [predecessor]
  return {
    SOPClassUID: KEY_OBJECT_SELECTION,
    Modality: 'KO',
    ...place,
    SeriesNumber: 9802,
    SeriesDescription: KEYS_SERIES,
    body: documentBody({
      title: images.length > 0 ? OF_INTEREST : WITHDRAWN,
      template: '2010',
      items: [
        IN_ENGLISH,
        ...replaces,
        ...(images.length > 0 || predecessor === undefined
          ? images.map(image => imageItem('CONTAINS', image))
          : [compositeItem(predecessor)]),
      ],
      evidence: chosen,
    }),
  }
}

/** A selection of ours. */
export interface SavedSelection extends ReferencedObject {
  InstanceNumber: number
  date: string
  time: string
  keyImages: KeyImage[]
}

/** Undefined where it is no Key Object Selection. Never throws on what the bytes contain. */
export function readKeySelection(dataSet: DataSet): SavedSelection | undefined {
  if (normaliseUID(dataSet.string('SOPClassUID')) !== KEY_OBJECT_SELECTION) return undefined
  const seriesOf = evidenceOf(dataSet)
  const { items, date, time } = readReport(dataSet)
  const isWithdrawn = readConcept(dataSet, 'ConceptNameCodeSequence')?.value === WITHDRAWN.value
  const found = new Map<string, KeyImage>()
  for (const { SOPInstanceUID, frames } of isWithdrawn ? [] : reportReferences(items)) {
    const SeriesInstanceUID = seriesOf.get(SOPInstanceUID)
    for (const frame of frames.length === 0 ? [1] : frames) {
      if (SeriesInstanceUID === undefined || found.size >= 1000) continue
      const image = { SeriesInstanceUID, SOPInstanceUID, frame }
      found.set(keyImageId(image), image)
    }
  }
  return {
    SOPClassUID: KEY_OBJECT_SELECTION,
    StudyInstanceUID: normaliseUID(dataSet.string('StudyInstanceUID')),
    SeriesInstanceUID: normaliseUID(dataSet.string('SeriesInstanceUID')),
    SOPInstanceUID: normaliseUID(dataSet.string('SOPInstanceUID')),
    InstanceNumber: dataSet.number('InstanceNumber') ?? 0,
    date,
    time,
    keyImages: [...found.values()],
  }
}
