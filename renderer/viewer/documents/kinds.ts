import { sopClass, transferSyntax } from '../../../shared/dicom/uids.ts'
import type { ManifestInstance } from '../../../shared/viewing/image.ts'

/** How an object without a picture of ours opens in a pane. */
export type DocumentKind = 'report' | 'pdf' | 'narrative' | 'waveform' | 'video' | 'mesh'

const STORAGE = '1.2.840.10008.5.1.4.1.1.'
const ENCAPSULATED: Record<string, DocumentKind> = {
  [`${STORAGE}104.1`]: 'pdf',
  [`${STORAGE}104.2`]: 'narrative',
  [`${STORAGE}104.3`]: 'mesh',
}
/** Those of the content tree; the numbers 1 to 3 are trials of another form. */
const REPORT = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.(88\.(?![1-4]$)\d+|79\.1|78\.6)$/
const WAVEFORM = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.9\.(?!100\.)\d+\.\d+$/

/** Undefined: there is nothing to open it with. */
export function documentKind({
  SOPClassUID,
  TransferSyntaxUID,
}: Pick<ManifestInstance, 'SOPClassUID' | 'TransferSyntaxUID'>): DocumentKind | undefined {
  if (transferSyntax(TransferSyntaxUID).video) return 'video'
  if (REPORT.test(SOPClassUID)) return 'report'
  if (WAVEFORM.test(SOPClassUID)) return 'waveform'
  return ENCAPSULATED[SOPClassUID]
}

/** What an object is called by its class, without the word that all have. */
export function kindName(SOPClassUID: string): string {
  return (sopClass(SOPClassUID)?.name ?? 'Object').replace(/ (Document )?Storage$/, '')
}
