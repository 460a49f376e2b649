import { storedObjectAddress } from '../../client.ts'
import { announce } from '../../ui/index.ts'
import type { ObjectAddress } from '../objects/readObject.ts'

/** The object as it was received, as a file. Its name says no patient. */
export function exportObject(address: ObjectAddress): void {
  if (window.desktop !== undefined) {
    announce('The desktop application saves no files: open the station in a browser to export')
    return
  }
  const link = document.createElement('a')
  link.href = storedObjectAddress(address)
  link.download = `${address.SOPInstanceUID}.dcm`
  link.click()
}
