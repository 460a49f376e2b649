import { hasLongLength, ITEM, SEQUENCE_DELIMITATION, UNDEFINED } from '../dicom/elements.ts'
import { encodingOf } from '../dicom/encoding.ts'
import { writeFileMeta } from '../dicom/part10.ts'
import type { DataSet, ElementSpan } from '../dicom/reader.ts'
import { element, lengthOf, swapped, WORD_BYTES } from '../dicom/reencode.ts'
import { normaliseUID, TS, transferSyntax, uidFromRandom } from '../dicom/uids.ts'
import { elementHeader, itemHeader, writeDataSet } from '../dicom/writer.ts'
import { IsocenterError } from '../errors.ts'
import { withoutComments } from './codestreams.ts'
import { shiftDates } from './dates.ts'
import { decide } from './decide.ts'
import { Identity, tells } from './identity.ts'
import { methodCodes } from './methodCodes.ts'
import type { DeidentifyOptions } from './options.ts'
import { safePrivateCreator } from './safePrivate.ts'

/** What makes one export one: the same in, the same out, and nobody else can tell which. */
export interface Pseudonyms {
  /** A keyed hash of at least 16 bytes, its key made for this export and thrown away with it. */
  hash(text: string): Uint8Array
  /** The patient as the station knows him (issuer and ID): objects of one patient stay together, and their dates apart by the same. */
  patient: string
}

export interface Deidentified {
  SOPClassUID: string
  StudyInstanceUID: string
  SeriesInstanceUID: string
  SOPInstanceUID: string
  /** Preamble, File Meta, data set: one after the other. */
  chunks: Uint8Array[]
}

const PIXEL_DATA = 0x7fe00010
const OUT = encodingOf(TS.ExplicitVRLittleEndian)
const UTF8 = new TextEncoder()
const DUMMY = 'ANONYMIZED'
const SWEPT_VRS = new Set(['LO', 'SH', 'UC', 'LT', 'ST', 'UT', 'UR', 'PN', 'AE'])
const TEXT_VRS = new Set([...SWEPT_VRS, 'AS', 'CS', 'DA', 'DS', 'DT', 'IS', 'TM', 'UI'])
/** SeriesNumber, AcquisitionNumber, InstanceNumber. */
const NUMBERS = new Set([0x00200011, 0x00200012, 0x00200013])
const DUMMIES: Record<string, string> = {
  AS: '000Y',
  DA: '20000101',
  DT: '20000101000000',
  TM: '000000',
  DS: '0',
  IS: '0',
}

/** Days that a patient's dates are moved back by: 1 to 10 years, for whole weeks, so that weekdays stay. */
function daysOf({ hash, patient }: Pseudonyms): number {
  const bytes = hash(`dates of ${patient}`)
  const weeks = 52 + ((((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)) % 470)
  return -7 * weeks
}

/** The replacement of a UID, the same wherever it stands in an export (PS3.5 §B.2, `2.25.`). */
export function newUID(uid: string, { hash }: Pick<Pseudonyms, 'hash'>): string {
  const bytes = hash(`uid ${uid}`).slice(0, 16)
  // As a UUID of version 8 (RFC 9562): what `2.25.` asks for.
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return uidFromRandom(bytes)
}

/**
 * A file of its own that names nobody any more, by the Basic Application Level Confidentiality Profile of PS3.15 annex E and the
 * options given; the data set that came is only read. At every level of nesting; of private elements the safe ones stay if an option
 * says so; the pixels are the same bytes but for comments in JPEG and JPEG 2000 (what is burned into them stays: `risksOf` says where that is likely). Uncompressed objects come
 * out as Explicit VR Little Endian, others in the syntax they have.
 *
 * Throws 'malformed' where not every element can be read: what cannot be looked at does not leave. 'unsupported-pixels' for GE's private
 * syntax.
 * @param dataSet a whole one, inflated.
 * @param pixels `cleaned`: what names somebody in the pixels of this data set was made black before (`cleanPixels.ts`); `changed`: some of it was, and it is
 * not known whether all.
 */
export function deidentify(
  dataSet: DataSet,
  TransferSyntaxUID: string,
  options: DeidentifyOptions,
  pseudonyms: Pseudonyms,
  pixels: 'as-they-were' | 'changed' | 'cleaned' = 'as-they-were',
): Deidentified {
  const { encapsulated } = transferSyntax(TransferSyntaxUID)
  if (TransferSyntaxUID === TS.GEPrivateImplicit) throw new IsocenterError('unsupported-pixels', 'a private syntax')
  const identity = new Identity(options)
  identity.gather(dataSet)
  const ours = new Map(Object.entries(ownElements(options, pseudonyms, dataSet.strings('ImageType'), pixels)))
  const work: Work = { options, pseudonyms, identity, days: daysOf(pseudonyms), encapsulated }
  const chunks = elementsOf(dataSet, work, ours)
  const uid = (keyword: string) => {
    const there = normaliseUID(dataSet.string(keyword))
    return options.retainUIDs ? there : uidOf(there, work)
  }
  const SOPClassUID = normaliseUID(dataSet.string('SOPClassUID'))
  const SOPInstanceUID = uid('SOPInstanceUID')
  const meta = writeFileMeta({
    MediaStorageSOPClassUID: SOPClassUID,
    MediaStorageSOPInstanceUID: SOPInstanceUID,
    TransferSyntaxUID: encapsulated ? TransferSyntaxUID : TS.ExplicitVRLittleEndian,
  })
  return {
    SOPClassUID,
    StudyInstanceUID: uid('StudyInstanceUID'),
    SeriesInstanceUID: uid('SeriesInstanceUID'),
    SOPInstanceUID,
    chunks: [meta, ...chunks],
  }
}

interface Work {
  options: DeidentifyOptions
  pseudonyms: Pseudonyms
  identity: Identity
  days: number
  encapsulated: boolean
}

/** The PatientID that stands in place of a patient's own. */
function newPatientID(options: DeidentifyOptions, { hash, patient }: Pseudonyms): string {
  if (options.PatientID !== '') return options.PatientID
  const hex = Array.from(hash(`patient ${patient}`).subarray(0, 5), byte => byte.toString(16).padStart(2, '0')).join('')
  return `ANON-${hex.toUpperCase()}`
}

/** What every de-identified object has, whatever came: by tag, written as elements. */
function ownElements(
  options: DeidentifyOptions,
  pseudonyms: Pseudonyms,
  imageType: string[],
  pixels: 'as-they-were' | 'changed' | 'cleaned',
): Record<string, Uint8Array> {
  const codes = methodCodes(options, pixels === 'cleaned')
  const one = (key: string, value: string) => ({ [key]: value })
  const all = {
    // Its pixels are others than those that were taken (PS3.3 §C.7.6.1.1.2).
    ...(pixels !== 'as-they-were' && { '00080008': { ImageType: ['DERIVED', ...imageType.slice(1)] } }),
    ...(pixels === 'cleaned' && { '00280301': one('BurnedInAnnotation', 'NO') }),
    '00100010': one('PatientName', options.PatientName),
    '00100020': one('PatientID', newPatientID(options, pseudonyms)),
    '00120062': one('PatientIdentityRemoved', 'YES'),
    '00120063': one('DeidentificationMethod', codes.map(([, meaning]) => meaning.slice(0, 64)).join('\\')),
    '00120064': {
      DeidentificationMethodCodeSequence: codes.map(([CodeValue, CodeMeaning]) => ({
        CodeValue,
        CodingSchemeDesignator: 'DCM',
        CodeMeaning: CodeMeaning.slice(0, 64),
      })),
    },
    '00280303': one(
      'LongitudinalTemporalInformationModified',
      { removed: 'REMOVED', shifted: 'MODIFIED', kept: 'UNMODIFIED' }[options.dates],
    ),
  }
  return Object.fromEntries(Object.entries(all).map(([tag, values]) => [tag, writeDataSet(values, OUT)]))
}

function elementsOf(dataSet: DataSet, work: Work, ours: ReadonlyMap<string, Uint8Array> = new Map()): Uint8Array[] {
  const { damage, truncated } = dataSet
  if (damage || truncated) throw new IsocenterError('malformed', damage ?? 'the data set is cut short')
  const waiting = [...ours]
    .map(([hex, bytes]) => ({ tag: Number.parseInt(hex, 16), bytes }))
    .sort((a, b) => a.tag - b.tag)
  const replaced = new Set(waiting.map(({ tag }) => tag))
  const chunks: Uint8Array[] = []
  for (const span of dataSet.elements) {
    while (waiting[0] && waiting[0].tag <= span.tag) chunks.push((waiting.shift() as { bytes: Uint8Array }).bytes)
    if (replaced.has(span.tag)) continue
    if ((span.tag >>> 16) % 2 === 1) chunks.push(...privateElement(dataSet, span, work))
    else chunks.push(...publicElement(dataSet, span, work))
  }
  return [...chunks, ...waiting.map(({ bytes }) => bytes)]
}

/** A creator stays where something of its block does (PS3.5 §7.8.1). */
function privateElement(dataSet: DataSet, span: ElementSpan, { options }: Work): Uint8Array[] {
  if (!options.retainSafePrivate) return []
  const inBlock = (other: ElementSpan) =>
    other.tag >>> 16 === span.tag >>> 16 && (other.tag & 0xff00) >>> 8 === (span.tag & 0xffff)
  const names = dataSet.elements.find(other => inBlock(other) && safePrivateCreator(dataSet, other) !== undefined)
  if (names) return written(span.tag, 'LO', UTF8.encode(safePrivateCreator(dataSet, names)))
  if (safePrivateCreator(dataSet, span) === undefined) return []
  return written(span.tag, span.vr, littleEndian(dataSet, span, span.vr))
}

function publicElement(dataSet: DataSet, span: ElementSpan, work: Work): Uint8Array[] {
  const { tag } = span
  const group = tag >>> 16
  // Group lengths, File Meta and commands have no place in a data set that is made anew.
  if ((tag & 0xffff) === 0 || group < 0x0008) return []
  if (tag === PIXEL_DATA) return pixels(dataSet, span, work)
  const vr = dataSet.vrOf(span)
  const action = decide(tag, vr, work.options)
  if (vr === 'SQ') return sequence(dataSet, span, action, work)
  if (action === 'remove' || span.undefinedLength) return []
  const text = () => dataSet.stringsOf(span).join('\\')
  switch (action) {
    case 'empty':
      return written(tag, vr, new Uint8Array())
    case 'dummy':
      return written(tag, vr, dummyOf(vr, span.length))
    case 'uid':
      return written(
        tag,
        vr,
        UTF8.encode(
          dataSet
            .stringsOf(span)
            .map(each => uidOf(each, work))
            .join('\\'),
        ),
      )
    case 'shift':
      return vr === 'TM'
        ? written(tag, vr, littleEndian(dataSet, span, vr))
        : written(tag, vr, UTF8.encode(shiftDates(text(), work.days)))
    default: {
      const value = littleEndian(dataSet, span, vr)
      if (vr === 'UI' && action === 'clean') return written(tag, vr, new Uint8Array())
      if (vr === 'UN') return []
      // A series may have been numbered by the visit; its number may be empty (PS3.3 C.7.3.1).
      if (vr === 'IS' && NUMBERS.has(tag) && work.identity.isIn(text())) return written(tag, vr, new Uint8Array())
      if (!SWEPT_VRS.has(vr)) return written(tag, vr, value)
      const said = text()
      const loose =
        action !== 'retain' && (action === 'clean' || work.options.dates !== 'kept' || !work.options.retainUIDs)
      const names = work.identity.isIn(said) || (loose && tells(said))
      return written(tag, vr, names ? dummyOf(vr, 1) : value)
    }
  }
}

/** Well-known ones stay: they name what the standard defines. */
function uidOf(value: string, { pseudonyms }: Work): string {
  const uid = normaliseUID(value)
  return uid === '' || uid.startsWith('1.2.840.10008.') ? uid : newUID(uid, pseudonyms)
}

function dummyOf(vr: string, length: number): Uint8Array {
  if (length === 0) return new Uint8Array()
  if (TEXT_VRS.has(vr)) return UTF8.encode(DUMMIES[vr] ?? DUMMY)
  // A number, or bytes: one of them.
  return new Uint8Array(Math.max(2, WORD_BYTES[vr] ?? 2))
}

function sequence(dataSet: DataSet, span: ElementSpan, action: string, work: Work): Uint8Array[] {
  const { tag } = span
  if (action === 'remove') return []
  if (action === 'empty') return written(tag, 'SQ', new Uint8Array())
  if (action === 'dummy') {
    if (span.length === 0) return written(tag, 'SQ', new Uint8Array())
    const code = { CodeValue: 'ANON', CodingSchemeDesignator: '99ANON', CodeMeaning: DUMMY }
    const item = writeDataSet(code, OUT)
    return written(tag, 'SQ', concat([itemHeader(ITEM, item.length, true), item]))
  }
  // What cannot be unfolded cannot be looked at.
  if (span.tooDeep) return []
  const content: Uint8Array[] = []
  let items = 0
  for (const item of dataSet.eachItem(span)) {
    items += 1
    const inner = elementsOf(item, work)
    content.push(itemHeader(ITEM, lengthOf(inner), true), ...inner)
  }
  if (items === 0 && span.length > 8) return []
  if (items === 0) return written(tag, 'SQ', new Uint8Array())
  return [elementHeader(tag, 'SQ', UNDEFINED, OUT), ...content, itemHeader(SEQUENCE_DELIMITATION, 0, true)]
}

function pixels(dataSet: DataSet, span: ElementSpan, { encapsulated }: Work): Uint8Array[] {
  if (span.undefinedLength) {
    if (!encapsulated) throw new IsocenterError('malformed', 'fragments in an uncompressed syntax')
    return [
      elementHeader(PIXEL_DATA, 'OB', UNDEFINED, OUT),
      withoutComments(dataSet.source.subarray(span.valueOffset, span.valueOffset + span.length)),
    ]
  }
  const vr = dataSet.vrOf(span) === 'OB' ? 'OB' : 'OW'
  const value = littleEndian(dataSet, span, vr)
  return [
    elementHeader(PIXEL_DATA, vr, value.length + (value.length % 2), OUT),
    value,
    new Uint8Array(value.length % 2),
  ]
}

function littleEndian(dataSet: DataSet, span: ElementSpan, vr: string): Uint8Array {
  const value = dataSet.bytesOf(span)
  if (!value) throw new IsocenterError('malformed', 'the data set is cut short')
  return dataSet.encoding.littleEndian ? value : swapped(value, WORD_BYTES[vr] ?? 1)
}

/** With its value of even length, padded as its VR asks for (PS3.5 §6.2). */
function written(tag: number, vr: string, value: Uint8Array): Uint8Array[] {
  if (value.length % 2 === 0) return element(tag, vr, [value], OUT)
  const padding = new Uint8Array([TEXT_VRS.has(vr) && vr !== 'UI' ? 0x20 : 0])
  if (value.length + 1 > 0xfffe && !hasLongLength(vr)) return []
  return element(tag, vr, [value, padding], OUT)
}

function concat(parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(lengthOf(parts))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
