import { create } from 'zustand'
import { inLanguage, msg, whyOf } from '../i18n/index.ts'

/** What can be done about it with one button. */
export interface Offer {
  name: string
  run: () => void
}

interface Notices {
  /** What was last done or could not be done, in a few words; undefined once it has been read. */
  notice: { text: string; failure: boolean; undoable: boolean; offer?: Offer | undefined } | undefined
}

export const useNotice = create<Notices>(() => ({ notice: undefined }))

/** Long enough to read and to reach, short enough not to stay. What was done can be undone after it, too. */
const SHOWN_MS = 10_000
/** More than anybody takes back one by one. */
const UNDO_STEPS = 50

const undoSteps: Array<() => Promise<void>> = []
let shown: ReturnType<typeof setTimeout> | undefined

function show(text: string, options: { failure: boolean; undoable: boolean; offer?: Offer | undefined }): void {
  useNotice.setState({ notice: { text: inLanguage(text), ...options } })
  clearTimeout(shown)
  shown = setTimeout(() => useNotice.setState({ notice: undefined }), SHOWN_MS)
}

/** Says quietly what was done; `undo` takes it back and says so by itself if it cannot. */
export function announce(text: string, undo?: () => Promise<void>, offer?: Offer): void {
  if (undo !== undefined) {
    undoSteps.push(undo)
    if (undoSteps.length > UNDO_STEPS) undoSteps.shift()
  }
  show(text, { failure: false, undoable: undo !== undefined, offer })
}

/** Says what could not be done, and why. */
export function announceFailure(what: string, reason: unknown): void {
  show(`${inLanguage(what)} ${whyOf(reason)}`, {
    failure: true,
    undoable: false,
  })
}

/** Takes back what was done last. */
export async function undoLast(): Promise<void> {
  const undo = undoSteps.pop()
  if (undo === undefined) return
  try {
    await undo()
    show(msg('Taken back'), { failure: false, undoable: false })
  } catch (thrown) {
    announceFailure('It could not be taken back.', thrown)
  }
}
