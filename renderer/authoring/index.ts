import { uidFromRandom } from '../../shared/dicom/uids.ts'
import type { NewDataSet } from '../../shared/dicom/writer.ts'
import { identityOf, type NewObject, type WrittenObject, writeObject } from '../../shared/viewing/writing/newObject.ts'
import { fetchMetadata, NotStored, type ObjectAddress, storeObjects } from '../client.ts'

export const newUID = (): string => uidFromRandom(crypto.getRandomValues(new Uint8Array(16)))

/** Patient and study as an image of the study says them. Rejects like `call`. */
export async function identityOfImage(image: ObjectAddress, signal?: AbortSignal): Promise<NewDataSet> {
  return identityOf(await fetchMetadata(image, signal))
}

/** Some objects are on the disk, and one is not: what a next attempt has not to write again. */
export class PartlySaved extends Error {
  readonly saved: readonly WrittenObject[]

  constructor(saved: readonly WrittenObject[], cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.saved = saved
  }
}

/**
 * Makes the objects and stores them by the station's one way in (STOW-RS): resolved means that every one is on the disk. Rejects like
 * `call`, and with `PartlySaved` where some are on the disk and others are not.
 */
export async function saveObjects(identity: NewDataSet, objects: readonly NewObject[]): Promise<WrittenObject[]> {
  const now = new Date()
  const written = objects.map(object => writeObject(identity, object, { now, newUID }))
  try {
    await storeObjects(written.map(({ part10 }) => part10))
  } catch (thrown) {
    const stored = new Set(thrown instanceof NotStored ? thrown.stored : [])
    const saved = written.filter(({ SOPInstanceUID }) => stored.has(SOPInstanceUID))
    throw saved.length > 0 ? new PartlySaved(saved, thrown) : thrown
  }
  return written
}
