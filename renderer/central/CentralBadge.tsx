import { useSync } from './syncStore.ts'
import { badgeOf } from './words.ts'

/** In the status line: one thing of all destinations. What an unreachable station said before is not worth its place. */
export function CentralBadge() {
  const { destinations, offline } = useSync()
  const badge = offline ? undefined : badgeOf(destinations ?? [])
  if (badge === undefined) return null
  return <span className={badge.attention ? 'central-badge attention' : 'central-badge'}>{badge.words}</span>
}
