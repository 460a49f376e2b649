import type { CallIn } from '../shared/contract.ts'
import { call, onStationEvent } from './client.ts'
import { keptSettings } from './keptSettings.ts'
import { announceFailure } from './ui/index.ts'

/** What the station keeps for a user. */
type Kept = CallIn<'settings.set'>['value']

/** One thing a user sets: at once in this window and in all others, for good at the station. */
export interface UserSetting<T> {
  /** Resolves when what was set is here, or cannot be had now. */
  here(): Promise<void>
  /** Reads it, as soon as the station is there. Returns what stops it; what other windows set is taken all the time. */
  follow(): () => void
  /** Resolves when it is kept; that it could not be is said. `change` is asked again of what the station has by then. */
  choose(change: (now: T) => T): Promise<void>
}

/**
 * `parse`: of whatever a version has written, undefined = nothing yet; never throws. `hold`: makes it so in this window. `pack`: what
 * the station keeps, given what it had.
 */
export function userSetting<T>(
  key: string,
  parse: (stored: unknown) => T,
  hold: (now: T) => void,
  pack: (now: T, before: unknown) => Kept,
): UserSetting<T> {
  const otherWindows = new BroadcastChannel(`isocenter-setting-${key}`)
  let known = parse(undefined)
  /** Chosen here and not kept yet: newer than whatever is read. */
  let pending: Array<(now: T) => T> = []
  let isRead = false
  let reading: Promise<void> | undefined
  let keeping = Promise.resolve()

  const after = (changes: typeof pending, base: T) => changes.reduce((now, change) => change(now), base)
  const learn = (base: T) => {
    isRead = true
    known = base
    hold(after(pending, known))
  }
  otherWindows.onmessage = ({ data }) => learn(parse(data))

  async function read(): Promise<void> {
    const settings = await keptSettings()
    // Chosen here or heard of meanwhile: that is newer.
    if (!isRead) learn(parse(settings[key]))
  }

  /** All that waits, in one: who types a name chooses with every letter. */
  async function keep(): Promise<void> {
    const mine = pending
    if (mine.length === 0) return
    let next = after(mine, known)
    let kept = false
    try {
      const before = (await call('settings.get', {}))[key]
      next = after(mine, parse(before))
      await call('settings.set', { key, value: pack(next, before) })
      kept = true
    } catch (thrown) {
      announceFailure('It holds in these windows, but could not be kept.', thrown)
    }
    pending = pending.slice(mine.length)
    const knows = isRead || kept
    learn(next)
    // Made of nothing but what a new user has: it is read when the station is there, and is no news to others.
    isRead = knows
    if (knows) otherWindows.postMessage(next)
  }

  const here = () => {
    if (isRead) return Promise.resolve()
    reading ??= read()
      .catch(() => {})
      .finally(() => {
        reading = undefined
      })
    return reading
  }
  return {
    here,
    follow() {
      void here()
      // A station that was away when the window opened is asked when it is back.
      return onStationEvent('connection', online => online && void here())
    },
    choose(change) {
      pending = [...pending, change]
      hold(after(pending, known))
      keeping = keeping.then(keep)
      return keeping
    },
  }
}
