import { encodingOf } from '../../../shared/dicom/encoding.ts'
import { readFileMeta } from '../../../shared/dicom/part10.ts'
import { DataSet } from '../../../shared/dicom/reader.ts'
import { fetchObject, fetchStoredObject } from '../../client.ts'
import { t } from '../../i18n/index.ts'

/** What is read whole has no more than this: a dose grid of 300 slices takes some 100 MiB. */
const MOST_BYTES = 512 * 2 ** 20

/** A video is given to the browser's player in one piece. */
const MOST_STORED = 2 ** 31 - 1

export interface ObjectAddress {
  StudyInstanceUID: string
  SeriesInstanceUID: string
  SOPInstanceUID: string
}

/**
 * An object that is no image, whole. Rejects like `call`, and with an Error in words where it cannot be read. `onBytes` is told, some
 * times a second, how many bytes are here.
 */
export async function readObject(
  address: ObjectAddress,
  signal?: AbortSignal,
  onBytes?: (bytes: number) => void,
): Promise<DataSet> {
  return parsed(await fetchObject(address, MOST_BYTES, signal, onBytes))
}

/** The same as it is stored: for what has no other form, as video. */
export async function readStoredObject(address: ObjectAddress, signal?: AbortSignal): Promise<DataSet> {
  return parsed(await fetchStoredObject(address, MOST_STORED, signal))
}

function parsed(bytes: Uint8Array): DataSet {
  const meta = readFileMeta(bytes)
  if (meta === null) throw new Error(t('The object is not a DICOM file.'))
  return DataSet.read(bytes, encodingOf(meta.TransferSyntaxUID), { offset: meta.dataSetOffset })
}
