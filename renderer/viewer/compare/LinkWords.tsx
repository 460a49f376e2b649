import type { Pane } from '../pane.ts'
import { activePane, useSession } from '../session.ts'
import { linkWordsOf, useLinks } from './links.ts'

/** How the pane goes with the active one, where that is not by the patient's coordinates. */
export function LinkWords({ pane }: { pane: Pane }) {
  useLinks()
  useSession(session => session.active)
  const linked = useSession(session => session.linked)
  const several = useSession(session => session.layout.rows * session.layout.columns > 1)
  const words = several ? linkWordsOf(pane, activePane(), linked) : ''
  return words === '' ? null : (
    <div className="link-words" data-testid="link">
      {words}
    </div>
  )
}
