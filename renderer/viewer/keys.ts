import { isTyping, keyOf } from '../keys/index.ts'
import { type Outside, viewerActions } from './actions.ts'
import { handleKeyPointer } from './keyPointer.ts'
import { markToolInHand } from './marks/index.ts'
import { activePane } from './session.ts'

/** The viewer's own keys; those of everywhere are heard outside. Esc cancels the tool in hand; it never closes a study. */
export function handleViewerKey(event: KeyboardEvent, outside: Outside): void {
  if (event.defaultPrevented || isTyping(event.target)) return
  if (handleKeyPointer(event, activePane(), markToolInHand)) {
    event.preventDefault()
    return
  }
  const key = keyOf(event)
  const action = viewerActions(outside).find(one => one.group !== 'Everywhere' && one.keys.includes(key))
  if (action === undefined) return
  event.preventDefault()
  action.run()
}
