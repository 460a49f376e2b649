import { isTyping, keyOf } from '../keys/index.ts'
import { passesToImages } from '../reporting/index.ts'
import { type Outside, viewerActions } from './actions.ts'
import { handleKeyPointer } from './keyPointer.ts'
import { markToolInHand } from './marks/index.ts'
import { activePane } from './session.ts'

/** The viewer's own keys; those of everywhere are heard outside. Esc cancels the tool in hand; it never closes a study. */
export function handleViewerKey(event: KeyboardEvent, outside: Outside): void {
  const key = keyOf(event)
  if (event.defaultPrevented || (isTyping(event.target) && !passesToImages(event.target, key))) return
  if (!isTyping(event.target) && handleKeyPointer(event, activePane(), markToolInHand)) {
    event.preventDefault()
    return
  }
  const action = viewerActions(outside).find(one => one.group !== 'Everywhere' && one.keys.includes(key))
  if (action === undefined) return
  event.preventDefault()
  action.run()
}
