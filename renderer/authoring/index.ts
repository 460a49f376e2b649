import { uidFromRandom } from '../../shared/dicom/uids.ts'
import type { NewDataSet } from '../../shared/dicom/writer.ts'
import { identityOf, type NewObject, type WrittenObject, writeObject } from '../../shared/viewing/writing/newObject.ts'
import { fetchMetadata, type ObjectAddress, storeObjects } from '../client.ts'

export const newUID = (): string => uidFromRandom(crypto.getRandomValues(new Uint8Array(16)))

/** Patient and study as an image of the study says them. Rejects like `call`. */
export async function identityOfImage(image: ObjectAddress, signal?: AbortSignal): Promise<NewDataSet> {
  return identityOf(await fetchMetadata(image, signal))
}

/**
 * Makes the objects and stores them by the station's one way in (STOW-RS): resolved means that every one is on the disk. Rejects like
 * `call`; what was stored before another one failed stays stored.
 */
export async function saveObjects(identity: NewDataSet, objects: readonly NewObject[]): Promise<WrittenObject[]> {
  const now = new Date()
  const written = objects.map(object => writeObject(identity, object, { now, newUID }))
  await storeObjects(written.map(({ part10 }) => part10))
  return written
}
