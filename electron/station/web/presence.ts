import type { StudySummary } from '../../../shared/contract.ts'

/** A window says it every 20 s; after this it is gone, however it went. */
const FORGOTTEN_MS = 60_000
/** A browser that is run wild is no reader. */
const MOST_WINDOWS = 1000

interface Shown {
  StudyInstanceUID: string
  user: string
  at: number
}

/** Which study each window shows now: in memory, for nothing of it is worth keeping. */
export interface Presence {
  /** '' = no study. True when the window did not show it before. */
  show(window: string, StudyInstanceUID: string, user: string): boolean
  /** Whether any window shows it. */
  isOpen(StudyInstanceUID: string): boolean
  /** The same summaries, with who has each open: every user once. */
  mark<Study extends StudySummary>(studies: Study[]): Study[]
  /** Told of each study that was opened or left. Returns the unsubscribe. */
  onChange(listener: (StudyInstanceUIDs: string[]) => void): () => void
  close(): void
}

export function createPresence(now: () => number = () => performance.now()): Presence {
  const windows = new Map<string, Shown>()
  const listeners = new Set<(StudyInstanceUIDs: string[]) => void>()

  function tell(...StudyInstanceUIDs: string[]): void {
    const uids = StudyInstanceUIDs.filter(uid => uid !== '')
    if (uids.length > 0) for (const listener of listeners) listener(uids)
  }

  function forget(): void {
    for (const [window, { StudyInstanceUID, at }] of windows) {
      if (now() - at <= FORGOTTEN_MS) continue
      windows.delete(window)
      tell(StudyInstanceUID)
    }
  }
  const timer = setInterval(forget, FORGOTTEN_MS / 6)
  timer.unref()

  return {
    show(window, StudyInstanceUID, user) {
      const before = windows.get(window)
      // The last one said stands last, so that the first is the longest silent.
      windows.delete(window)
      if (StudyInstanceUID !== '') windows.set(window, { StudyInstanceUID, user, at: now() })
      const [silent] = windows.keys()
      if (windows.size > MOST_WINDOWS && silent !== undefined) windows.delete(silent)
      if (before?.StudyInstanceUID === StudyInstanceUID && before.user === user) return false
      tell(before?.StudyInstanceUID ?? '', StudyInstanceUID)
      return StudyInstanceUID !== ''
    },
    isOpen(StudyInstanceUID) {
      forget()
      return [...windows.values()].some(shown => shown.StudyInstanceUID === StudyInstanceUID)
    },
    mark(studies) {
      forget()
      const users = new Map<string, Set<string>>()
      for (const { StudyInstanceUID, user } of windows.values()) {
        users.set(StudyInstanceUID, (users.get(StudyInstanceUID) ?? new Set()).add(user))
      }
      return studies.map(study => ({ ...study, openBy: [...(users.get(study.StudyInstanceUID) ?? [])] }))
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: () => clearInterval(timer),
  }
}
