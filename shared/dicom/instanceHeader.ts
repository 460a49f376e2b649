import type { ImageAttributes } from '../viewing/image.ts'
import { isTextGuessed, langOf } from './charset.ts'
import { type Encoding, encodingOf } from './encoding.ts'
import type { InstanceFlag } from './flags.ts'
import { readImageAttributes } from './imageAttributes.ts'
import { nestsTooDeep } from './nesting.ts'
import { overlayGroups } from './overlays.ts'
import { DataSet, type ElementKey } from './reader.ts'
import { isOddUID, normaliseUID } from './uids.ts'

export { readFunctionalGroups } from './functionalGroups.ts'
export { unshowableReason } from './unshowable.ts'

const UIDS = ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID', 'SOPClassUID'] as const

const TEXTS = [
  'PatientName',
  'PatientID',
  'IssuerOfPatientID',
  'PatientBirthDate',
  'PatientSex',
  'PatientAge',
  'StudyDate',
  'StudyTime',
  'StudyID',
  'StudyDescription',
  'AccessionNumber',
  'ReferringPhysicianName',
  'InstitutionName',
  'StationName',
  'Manufacturer',
  'Modality',
  'SeriesDescription',
  'SeriesDate',
  'SeriesTime',
  'BodyPartExamined',
] as const

/** Where the pixels are; offsets count from the data set's first byte (inflated, where it came deflated). */
export interface PixelElement {
  /** 0x7FE00010, or 0x7FE00008 / 0x7FE00009 for float and double pixels. */
  tag: number
  vr: string
  valueOffset: number
  /** Bytes; 0xFFFFFFFF when undefined. */
  length: number
  undefinedLength: boolean
}

type Identity = Record<(typeof UIDS)[number] | (typeof TEXTS)[number], string>

/** What the index, the viewer's manifest and the frame plan need of one instance. Strings are decoded, '' when missing; UIDs are normalised. */
export interface InstanceHeader extends Identity {
  /** As written, values joined by backslash. */
  SpecificCharacterSet: string
  /** STAT, HIGH, … as sent: of the procedure, its request, its reporting or the study, the first that says something; '' when none does. */
  RequestedProcedurePriority: string
  SeriesNumber: number | undefined
  InstanceNumber: number | undefined
  /** BCP 47, from the character set; '' when it says nothing. */
  lang: string
  /** As declared; 1 when not declared but there are pixels, 0 without pixels. */
  NumberOfFrames: number
  attributes: ImageAttributes
  flags: InstanceFlag[]
  /** Made for showing the program, not of a patient: must be marked on the image. */
  synthetic: boolean
  /** Has functional groups, or planes of a dose grid: `readFunctionalGroups` finds more. */
  enhanced: boolean
  pixels: PixelElement | null
  /** How the elements are really laid out, whatever the transfer syntax says. */
  encoding: Encoding
  /** The header was read up to the pixels, or to the end of the given bytes without being cut. */
  complete: boolean
  damage?: string
}

/** What its sender's profile says of data sets that do not say it themselves. */
export interface AssumedValues {
  /** As written, values joined by backslash; '' = the default repertoire. */
  SpecificCharacterSet: string
  IssuerOfPatientID: string
}

/** Elements that say what differs from frame to frame. */
const FRAME_TELLING = ['SharedFunctionalGroupsSequence', 'PerFrameFunctionalGroupsSequence', 'GridFrameOffsetVector']

export const PIXEL_DATA = 0x7fe00010
const FLOAT_PIXEL_DATA = 0x7fe00008
const DOUBLE_PIXEL_DATA = 0x7fe00009
/** Characters; the longest text of the index, a name of three groups, has 194 (PS3.5 §6.2). More is kept in the file alone. */
const MAX_TEXT = 1024
/** A JSON integer column and every viewer hold this; more is a lie. */
const MAX_FRAMES = 1_000_000

/**
 * Reads the header of one instance from the bytes of its data set (inflated, File Meta removed), whole or cut anywhere.
 * Never throws on what they contain: damage is told, and what could be read is there.
 */
export function readInstanceHeader(
  bytes: Uint8Array,
  transferSyntaxUID: string,
  assumed?: AssumedValues,
): InstanceHeader {
  return readHeaderAndSpans(bytes, transferSyntaxUID, assumed).header
}

/** The same, with what it was read from. `asked` gets the tag of every element it hangs on, there or not. */
export function readHeaderAndSpans(
  bytes: Uint8Array,
  transferSyntaxUID: string,
  assumed?: AssumedValues,
  asked?: Set<number>,
): { header: InstanceHeader; dataSet: DataSet } {
  const declared = encodingOf(transferSyntaxUID)
  const characterSets = assumed?.SpecificCharacterSet ? assumed.SpecificCharacterSet.split('\\') : undefined
  const dataSet = DataSet.read(bytes, declared, { stopAt: PIXEL_DATA, characterSets, asked })
  return { header: headerOf(dataSet, declared, assumed), dataSet }
}

function headerOf(dataSet: DataSet, declared: Encoding, assumed: AssumedValues | undefined): InstanceHeader {
  const identity = {} as Identity
  for (const key of UIDS) identity[key] = normaliseUID(dataSet.string(key))
  for (const key of TEXTS) identity[key] = dataSet.string(key).slice(0, MAX_TEXT)
  // An issuer without an ID would say nothing of anybody.
  if (assumed && identity.PatientID !== '') identity.IssuerOfPatientID ||= assumed.IssuerOfPatientID
  const pixels = pixelElement(dataSet)
  const frames = dataSet.number('NumberOfFrames') ?? 1
  const truncatedHeader = dataSet.truncated && !pixels
  return {
    ...identity,
    SpecificCharacterSet: dataSet.characterSets.join('\\'),
    RequestedProcedurePriority: requestedPriority(dataSet).slice(0, MAX_TEXT),
    SeriesNumber: integer(dataSet.number('SeriesNumber')),
    InstanceNumber: integer(dataSet.number('InstanceNumber')),
    lang: langOf(dataSet.characterSets),
    NumberOfFrames: pixels ? Math.min(Math.max(Math.trunc(frames), 1), MAX_FRAMES) : 0,
    attributes: pixelAttributes(dataSet, pixels),
    flags: flagsOf(dataSet, identity, declared),
    synthetic: identity.PatientID.startsWith('SYNTHETIC') || dataSet.string('SyntheticData') === 'YES',
    enhanced: FRAME_TELLING.some(key => dataSet.has(key)),
    pixels,
    encoding: dataSet.encoding,
    complete: !truncatedHeader && !dataSet.damage,
    ...(dataSet.damage ? { damage: dataSet.damage } : {}),
  }
}

function requestedPriority(dataSet: DataSet): string {
  return (
    dataSet.string('RequestedProcedurePriority') ||
    dataSet
      .items('RequestAttributesSequence')
      .map(item => item.string('RequestedProcedurePriority'))
      .find(text => text !== '') ||
    dataSet.string('ReportingPriority') ||
    dataSet.string('StudyPriorityID')
  )
}

function pixelElement(dataSet: DataSet): PixelElement | null {
  const span = dataSet.span(PIXEL_DATA) ?? dataSet.span(FLOAT_PIXEL_DATA) ?? dataSet.span(DOUBLE_PIXEL_DATA)
  if (!span) return null
  const { tag, valueOffset, length, undefinedLength } = span
  return { tag, vr: dataSet.vrOf(span), valueOffset, length, undefinedLength }
}

/** What the header says of the pixels, as far as it is to be believed of how they are read and shown. */
function pixelAttributes(dataSet: DataSet, pixels: PixelElement | null): ImageAttributes {
  const attributes = readImageAttributes(dataSet)
  if (overlayGroups(dataSet).length > 0) attributes.overlays = true
  if (pixels !== null && pixels.tag !== PIXEL_DATA) {
    // PS3.3 C.7.6.24: float pixels have no Bits Stored; what stands there anyway would make integers of them.
    delete attributes.BitsStored
    attributes.BitsAllocated = pixels.tag === FLOAT_PIXEL_DATA ? 32 : 64
  }
  // PS3.3 C.8.7.1.1.2: there the modality transform leads back to the X-ray intensity and is not for display.
  if (/^(LOG|DISP)$/.test(dataSet.string('PixelIntensityRelationship'))) {
    for (const key of ['ModalityLUT', 'RescaleSlope', 'RescaleIntercept', 'RescaleType'] as const)
      delete attributes[key]
  }
  return attributes
}

export function integer(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.trunc(value)
}

/** Placeholders seen in real archives; compared without case, spaces and punctuation. */
const JUNK_ID =
  /^(0+|1|9{3,}|x+|unknown|unk|none|null|na|nil|nopatientid|noid|id|patientid|patient|anonymous|anonymized|anonymised|anon|test|temp|default|dummy|undefined|empty)$/

/** True for Patient IDs that name nobody. */
export function isJunkPatientID(id: string): boolean {
  const bare = id.toLowerCase().replace(/[\s\p{P}\p{S}]/gu, '')
  return id !== '' && (bare === '' || JUNK_ID.test(bare))
}

const CHARSET_CHECKED = [
  'PatientName',
  'ReferringPhysicianName',
  'StudyDescription',
  'SeriesDescription',
  'InstitutionName',
]

/** Elements whose form is checked: DA and numbers that order and place images. */
const DATES = ['StudyDate', 'SeriesDate', 'PatientBirthDate']
export const NUMBERS = [
  'Rows',
  'Columns',
  'NumberOfFrames',
  'SeriesNumber',
  'InstanceNumber',
  'PixelSpacing',
  'RescaleSlope',
]

/** Of the oddities those that the identity alone tells. */
export function identityFlags(identity: Identity): InstanceFlag[] {
  const flags: InstanceFlag[] = []
  if (identity.PatientID === '') flags.push('no-patient-id')
  else if (isJunkPatientID(identity.PatientID)) flags.push('junk-patient-id')
  if (identity.PatientName.replace(/[\s^=]/g, '') === '') flags.push('no-patient-name')
  if (identity.StudyDate === '') flags.push('no-study-date')
  if (UIDS.some(key => isOddUID(identity[key]))) flags.push('odd-uid')
  return flags
}

/** Something stands there that is no number. */
export function isOddNumber(dataSet: DataSet, key: ElementKey): boolean {
  const filled = dataSet.bytes(key)?.some(byte => byte !== 0x20 && byte !== 0) ?? false
  return filled && dataSet.number(key) === undefined
}

function flagsOf(dataSet: DataSet, identity: Identity, declared: Encoding): InstanceFlag[] {
  const flags = identityFlags(identity)
  const guessed = CHARSET_CHECKED.some(key => {
    const bytes = dataSet.bytes(key)
    return bytes !== undefined && isTextGuessed(bytes, dataSet.characterSets, dataSet.vr(key))
  })
  if (guessed) flags.push('bad-charset')
  // YYYY.MM.DD is of the ACR-NEMA days and still readable.
  const oddDate = DATES.some(key => !/^$|^\d{8}$|^\d{4}\.\d{2}\.\d{2}$/.test(dataSet.string(key)))
  const oddNumber = NUMBERS.some(key => isOddNumber(dataSet, key))
  if (oddDate || oddNumber) flags.push('odd-value')
  const { encoding } = dataSet
  if (encoding.explicit !== declared.explicit || encoding.littleEndian !== declared.littleEndian)
    flags.push('odd-encoding')
  if (dataSet.truncated && !dataSet.has(PIXEL_DATA)) flags.push('truncated')
  if (dataSet.damage) flags.push('damaged')
  if (dataSet.elements.some(span => nestsTooDeep(dataSet.source, span, encoding))) flags.push('deep-nesting')
  return flags
}
