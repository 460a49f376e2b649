import { createCipheriv, createHash } from 'node:crypto'
import { writeDataSet } from '../../shared/dicom/writer.ts'
import { below, createRandom } from './random.ts'

export const SC_IMAGE = '1.2.840.10008.5.1.4.1.1.7'
export const EXPLICIT_LE = '1.2.840.10008.1.2.1'
const STUDIES = 5

export interface FaultObject {
  SOPInstanceUID: string
  StudyInstanceUID: string
  bytes: Uint8Array
  sha256: string
}

/** Which bytes under one UID: as first made, with another header, with other pixels. */
export type Version = 'first' | 'header' | 'pixels'

export function studyOf(seed: number, n: number): string {
  return `2.25.8.${seed}.${n % STUDIES}`
}

/**
 * An image whose pixels are noise, so that a sector that is lost or of another image shows. The same arguments make the same bytes.
 * @param side its rows and columns; without it most have 8 to 120, one of twelve is larger than 1 MiB.
 */
export function faultObject(seed: number, n: number, version: Version = 'first', side?: number): FaultObject {
  const random = createRandom(seed * 1_000_003 + n)
  const rows = side ?? (random() < 1 / 12 ? 740 + below(random, 30) : 8 + below(random, 112))
  const SOPInstanceUID = `2.25.8.${seed}.1.${n}`
  const StudyInstanceUID = studyOf(seed, n)
  const key = createHash('md5')
    .update(`${seed} ${n} ${version === 'pixels'}`)
    .digest()
  const noise = createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(rows * rows * 2))
  const bytes = writeDataSet(
    {
      SOPClassUID: SC_IMAGE,
      SOPInstanceUID,
      StudyInstanceUID,
      SeriesInstanceUID: `${StudyInstanceUID}.1`,
      StudyDescription: version === 'header' ? 'described otherwise' : 'described',
      PatientName: 'Fault^Made',
      PatientID: StudyInstanceUID,
      StudyDate: '20260102',
      Modality: 'OT',
      SeriesNumber: 1,
      InstanceNumber: n,
      Rows: rows,
      Columns: rows,
      BitsAllocated: 16,
      BitsStored: 16,
      HighBit: 15,
      PixelRepresentation: 0,
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      PixelData: new Uint16Array(noise.buffer, noise.byteOffset, rows * rows),
    },
    { explicit: true, littleEndian: true },
  )
  return { SOPInstanceUID, StudyInstanceUID, bytes, sha256: sha256Of(bytes) }
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
