import {
  REGISTRATION_CLASS,
  type Registration,
  readRegistration,
} from '../../../shared/viewing/compare/registration.ts'
import { readObject } from '../objects/readObject.ts'
import { activePane, useSession, visiblePanes } from '../session.ts'
import { linkByPosition, useLinks } from './links.ts'

/** Each is a few matrices; more are somebody else's pipeline. */
const MOST = 8

/**
 * Reads the registration objects of the studies on the screen, and links by them where panes are linked by position. What cannot be
 * read says nothing: the panes are linked as they stand, and say so.
 */
export async function readRegistrations(): Promise<void> {
  const { stacks, study } = useSession.getState()
  const objects = [...stacks.values()].flat().flatMap(({ manifest }) => {
    const { StudyInstanceUID, SeriesInstanceUID, instances } = manifest
    return instances
      .filter(({ SOPClassUID }) => SOPClassUID === REGISTRATION_CLASS)
      .map(({ SOPInstanceUID }) => ({ StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }))
  })
  const read: Registration[] = []
  for (const address of objects.slice(0, MOST)) {
    const registration = await readObject(address).then(readRegistration, () => undefined)
    if (registration !== undefined && registration.size > 0) read.push(registration)
  }
  if (read.length === 0 || useSession.getState().study !== study) return
  useLinks.setState({ registrations: read })
  const pane = activePane()
  if (pane !== undefined && useLinks.getState().mode === 'position') linkByPosition(pane, visiblePanes())
}
