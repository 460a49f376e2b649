import type { DeidentifyOptions } from './options.ts'

/** CID 7050 De-identification Method (PS3.16): code and meaning of each option that was in force, `pixelsCleaned` for this object. */
export function methodCodes(
  options: DeidentifyOptions,
  pixelsCleaned: boolean,
): Array<[code: string, meaning: string]> {
  const codes: Array<[boolean, string, string]> = [
    [true, '113100', 'Basic Application Confidentiality Profile'],
    [pixelsCleaned, '113101', 'Clean Pixel Data Option'],
    [options.cleanGraphics, '113103', 'Clean Graphics Option'],
    [options.cleanStructuredContent, '113104', 'Clean Structured Content Option'],
    [options.cleanDescriptors, '113105', 'Clean Descriptors Option'],
    [options.dates === 'kept', '113106', 'Retain Longitudinal Temporal Information Full Dates Option'],
    [options.dates === 'shifted', '113107', 'Retain Longitudinal Temporal Information Modified Dates Option'],
    [options.retainPatientCharacteristics, '113108', 'Retain Patient Characteristics Option'],
    [options.retainDevice, '113109', 'Retain Device Identity Option'],
    [options.retainUIDs, '113110', 'Retain UIDs Option'],
    [options.retainSafePrivate, '113111', 'Retain Safe Private Option'],
    [options.retainInstitution, '113112', 'Retain Institution Identity Option'],
  ]
  return codes.filter(([on]) => on).map(([, code, meaning]) => [code, meaning])
}
