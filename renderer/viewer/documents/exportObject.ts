import { storedObjectAddress } from '../../client.ts'
import { save } from '../../ui/index.ts'
import type { ObjectAddress } from '../objects/readObject.ts'

/** The object as it was received, as a file. Its name says no patient. */
export function exportObject(address: ObjectAddress): void {
  save(storedObjectAddress(address), `${address.SOPInstanceUID}.dcm`)
}
