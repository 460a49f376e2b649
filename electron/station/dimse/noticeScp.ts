import { encodingOf } from '../../../shared/dicom/encoding.ts'
import { DataSet } from '../../../shared/dicom/reader.ts'
import { isStorableUID, normaliseUID } from '../../../shared/dicom/uids.ts'
import type { StepStatus, ToldNotice } from '../store/index.ts'
import { COMMAND, STATUS } from '../wire/dimse.ts'
import type { Operation, Outcome } from './operations.ts'

export const PROCEDURE_STEP = '1.2.840.10008.3.1.2.3.3'
export const AVAILABILITY_NOTICE = '1.2.840.10008.5.1.4.33'

/** A step of 20,000 images, as the wordiest modalities write them. */
export const LONGEST_NOTICE = 8 * 2 ** 20
const MOST_OBJECTS = 100_000

const STATUSES: readonly string[] = ['IN PROGRESS', 'COMPLETED', 'DISCONTINUED'] satisfies StepStatus[]

/** PS3.4 §F.7.2.2.2 and PS3.7 annex C: why a step is not changed. */
const INVALID_ATTRIBUTE_VALUE = 0x0106
const NO_LONGER_UPDATED = { ErrorID: 0xa710, comment: 'Performed Procedure Step Object may no longer be updated' }

export interface NoticeTaker {
  /** The nodes that hear of it, by name. */
  forwardTo(source: ToldNotice['source']): string[]
  take(told: ToldNotice): Promise<'taken' | 'duplicate' | 'unknown' | 'final'>
  /** Something is to be handed on. */
  wake(): void
}

/**
 * N-CREATE and N-SET of a performed procedure step (PS3.4 §F.7), N-CREATE of an availability notice (§R.3): Success says that it is
 * durable here.
 */
export async function takeNotice(
  { command, context, identifier }: Operation,
  AET: string,
  taker: NoticeTaker,
  told: (action: 'C' | 'U', text: string, StudyInstanceUID: string) => void,
): Promise<Outcome> {
  const kind = command.CommandField === COMMAND.nCreateRQ ? 'create' : 'set'
  const source = context.abstractSyntax === PROCEDURE_STEP ? 'step' : 'notice'
  const SOPInstanceUID = (kind === 'create' ? command.AffectedSOPInstanceUID : command.RequestedSOPInstanceUID) ?? ''
  if (!isStorableUID(SOPInstanceUID)) return { Status: STATUS.invalidArgumentValue, comment: 'no SOP Instance UID' }
  const dataSet = DataSet.read(identifier, encodingOf(context.transferSyntax))
  if (dataSet.damage || dataSet.truncated) return { Status: STATUS.processingFailure, comment: 'it cannot be read' }
  const status = dataSet.string('PerformedProcedureStepStatus')
  const right = kind === 'create' ? status === 'IN PROGRESS' : status === '' || STATUSES.includes(status)
  if (source === 'step' && !right)
    return { Status: INVALID_ATTRIBUTE_VALUE, comment: 'Performed Procedure Step Status' }
  const objects = source === 'step' ? performedObjects(dataSet) : availableObjects(dataSet)
  if (objects && objects.length > MOST_OBJECTS)
    return { Status: STATUS.processingFailure, comment: 'it names too many objects' }
  const StudyInstanceUID = source === 'step' ? studyOfStep(dataSet) : uidIn(dataSet, 'StudyInstanceUID')
  const outcome = await taker.take({
    kind,
    source,
    SOPClassUID: context.abstractSyntax,
    SOPInstanceUID,
    AET,
    TransferSyntaxUID: context.transferSyntax,
    dataSet: Uint8Array.from(identifier),
    status: source === 'step' ? (status as StepStatus | '') : '',
    StudyInstanceUID,
    objects,
    forwardTo: taker.forwardTo(source),
  })
  if (outcome === 'duplicate') return { Status: STATUS.duplicateSOPInstance }
  if (outcome === 'unknown') return { Status: STATUS.noSuchObjectInstance }
  if (outcome === 'final') return { Status: STATUS.processingFailure, ...NO_LONGER_UPDATED }
  taker.wake()
  const what = source === 'step' ? 'Performed procedure step' : 'Availability notice'
  told(kind === 'create' ? 'C' : 'U', `${what} ${SOPInstanceUID}`, StudyInstanceUID)
  return { Status: STATUS.success }
}

function uidIn(dataSet: DataSet, keyword: string): string {
  const uid = normaliseUID(dataSet.string(keyword))
  return isStorableUID(uid) ? uid : ''
}

/** '' where the step was scheduled for several studies. */
function studyOfStep(dataSet: DataSet): string {
  const studies = new Set(dataSet.items('ScheduledStepAttributesSequence').map(item => uidIn(item, 'StudyInstanceUID')))
  const [study = '', ...others] = studies
  return others.length === 0 ? study : ''
}

/** Of the Performed Series Sequence; null where there is none. */
function performedObjects(dataSet: DataSet): ToldNotice['objects'] {
  if (!dataSet.has('PerformedSeriesSequence')) return null
  return dataSet.items('PerformedSeriesSequence').flatMap(series => {
    const references = ['ReferencedImageSequence', 'ReferencedNonImageCompositeSOPInstanceSequence']
    return objectsOf(
      series,
      references.flatMap(keyword => series.items(keyword)),
    )
  })
}

/** Of the Referenced Series Sequence; what is said not to be available is none of the study's by now. */
function availableObjects(dataSet: DataSet): ToldNotice['objects'] {
  return dataSet.items('ReferencedSeriesSequence').flatMap(series => {
    const available = series
      .items('ReferencedSOPSequence')
      .filter(item => item.string('InstanceAvailability') !== 'UNAVAILABLE')
    return objectsOf(series, available)
  })
}

function objectsOf(series: DataSet, references: DataSet[]): NonNullable<ToldNotice['objects']> {
  const SeriesInstanceUID = uidIn(series, 'SeriesInstanceUID')
  return references.flatMap(item => {
    const SOPInstanceUID = uidIn(item, 'ReferencedSOPInstanceUID')
    return SOPInstanceUID === '' ? [] : [{ SOPInstanceUID, SeriesInstanceUID }]
  })
}
