import { transferSyntax } from '../dicom/uids.ts'
import type { DeidentifyOptions } from './options.ts'

/** What an object carries that no profile of attributes reaches. */
export type Risk =
  /** Its own words say that identifying text is in the pixels (0028,0301). */
  | 'burned-in'
  /** Of a kind that often has it. */
  | 'perhaps-burned-in'
  /** A document in a format of its own (PDF, CDA, STL). */
  | 'document'
  /** A report: its tree is text. */
  | 'report'
  | 'video'

export interface RiskFacts {
  SOPClassUID: string
  TransferSyntaxUID: string
  Modality: string
  BurnedInAnnotation: string
  ImageType: readonly string[]
}

const DRAWN_ON = new Set([
  'US',
  'IVUS',
  'SC',
  'OT',
  'XA',
  'RF',
  'ES',
  'XC',
  'GM',
  'SM',
  'ECG',
  'HD',
  'DOC',
  'BMD',
  'OP',
  'DG',
])
const SECONDARY_CAPTURES = '1.2.840.10008.5.1.4.1.1.7'
const ENCAPSULATED = '1.2.840.10008.5.1.4.1.1.104.'
const STRUCTURED_REPORTS = '1.2.840.10008.5.1.4.1.1.88.'

/** Most serious first; [] where nothing speaks for it. */
export function risksOf(facts: RiskFacts): Risk[] {
  const { SOPClassUID, TransferSyntaxUID, Modality, BurnedInAnnotation, ImageType } = facts
  const risks: Risk[] = []
  if (SOPClassUID.startsWith(ENCAPSULATED)) risks.push('document')
  if (SOPClassUID.startsWith(STRUCTURED_REPORTS)) risks.push('report')
  if (transferSyntax(TransferSyntaxUID).video) risks.push('video')
  if (risks.includes('document') || risks.includes('report')) return risks
  const said = BurnedInAnnotation.toUpperCase()
  const screen = ImageType.some(value => /SCREEN|SECONDARY/i.test(value))
  const secondary = SOPClassUID === SECONDARY_CAPTURES || SOPClassUID.startsWith(`${SECONDARY_CAPTURES}.`)
  if (said === 'YES') risks.push('burned-in')
  // "NO" is the maker's word for the device, also of captures it made for others; it is believed of images that are no captures.
  else if (screen || secondary || (said !== 'NO' && DRAWN_ON.has(Modality))) risks.push('perhaps-burned-in')
  return risks
}

/** What does not leave de-identified: nothing here can look into it, and nobody has said that there is nothing to find. */
export function leftOut(
  risks: readonly Risk[],
  options: Pick<DeidentifyOptions, 'vouched' | 'cleanStructuredContent'>,
  /** A person has drawn what is made black of it. */
  blackened = false,
) {
  if (risks.includes('report')) return !options.cleanStructuredContent
  const open = (risk: Risk) => risk === 'document' || risk === 'video' || (risk === 'burned-in' && !blackened)
  return !options.vouched && risks.some(open)
}
