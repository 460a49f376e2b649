import { z } from 'zod'

/**
 * Several windows at one study, for several displays. The one that was opened first leads: what it opens the others open, and they
 * are blank while it shows none. They say who they are by their address: `?window=2&group=…`.
 */
const message = z.discriminatedUnion('kind', [
  /** Is there, and asks who else is. */
  z.object({ kind: z.literal('hello'), group: z.string(), window: z.int(), display: z.string().max(20) }),
  z.object({ kind: z.literal('here'), group: z.string(), window: z.int(), display: z.string().max(20) }),
  z.object({ kind: z.literal('gone'), group: z.string(), window: z.int() }),
  /** Of the first window: what it shows; '' = no study. */
  z.object({ kind: z.literal('shows'), group: z.string(), study: z.string() }),
  /** To the first window: what a reader asked for in another, and which study that showed. */
  z.object({
    kind: z.literal('ask'),
    group: z.string(),
    study: z.string(),
    walk: z.enum(['next', 'previous', 'read-and-next', 'back']),
  }),
])
type Message = z.infer<typeof message>
/** Without its group, for each kind. */
type Said = Message extends infer One ? (One extends Message ? Omit<One, 'group'> : never) : never
export type Walk = Extract<Message, { kind: 'ask' }>['walk']

const MOST = 16
const channel = new BroadcastChannel('isocenter-windows')
/** By window: the display it stands on. */
const others = new Map<number, string>()
let group = ''
/** What the first window shows, as far as this one has heard. */
let shown = ''

function addressed(): URLSearchParams {
  return new URLSearchParams(globalThis.location?.search ?? '')
}

/** Which of the windows at a study this one is, from 1. */
export function windowNumber(): number {
  const said = Number(addressed().get('window') ?? 1)
  return Number.isInteger(said) && said >= 1 && said <= MOST ? said : 1
}

/** The display this window stands on, by its size in CSS pixels. */
export function displayHere(): string {
  return `${screen.width}x${screen.height}`
}

/** The display another window of this study stands on, as it said when it was last heard; undefined: it has said nothing. */
export function displayOf(window: number): string | undefined {
  return window === windowNumber() ? displayHere() : others.get(window)
}

/** Windows at this study, this one among them. */
export function windowsHere(): number {
  return others.size + 1
}

function say(one: Said): void {
  channel.postMessage({ ...one, group })
}

/**
 * Joins the windows of this one's group. `onStudy`: what the first window shows ('' = none), told in the others; `onWalk`: what was
 * asked for in another window, told in the first. Returns what leaves it.
 */
export function followOtherWindows(
  onStudy: (StudyInstanceUID: string) => void,
  onWalk: (walk: Walk) => void,
): () => void {
  group ||= addressed().get('group') ?? crypto.randomUUID()
  const window = windowNumber()
  const leads = window === 1
  const show = (StudyInstanceUID: string) => {
    shown = StudyInstanceUID
    onStudy(shown)
  }
  // Without the first there is none to follow.
  const firstIsGone = () => {
    show('')
    globalThis.close()
  }
  const ends = endOfFirst(leads, firstIsGone)
  channel.onmessage = ({ data }) => {
    const { data: heard } = message.safeParse(data)
    if (heard?.group !== group) return
    if (heard.kind === 'hello') say({ kind: 'here', window, display: displayHere() })
    if (heard.kind === 'hello' && leads) say({ kind: 'shows', study: shown })
    if (heard.kind === 'hello' || heard.kind === 'here') others.set(heard.window, heard.display)
    if (heard.kind === 'gone') others.delete(heard.window)
    if (heard.kind === 'gone' && heard.window === 1 && !leads) firstIsGone()
    if (heard.kind === 'shows' && !leads) show(heard.study)
    // Nobody has read what came on the screen while the key was on its way.
    const isOld = heard.kind === 'ask' && heard.walk === 'read-and-next' && heard.study !== shown
    if (heard.kind === 'ask' && leads && !isOld) onWalk(heard.walk)
  }
  const leave = () => say({ kind: 'gone', window })
  addEventListener('pagehide', leave)
  say({ kind: 'hello', window, display: displayHere() })
  return () => {
    removeEventListener('pagehide', leave)
    leave()
    ends()
    others.clear()
    channel.onmessage = null
  }
}

/**
 * The first window holds a lock for as long as it lives, which the others wait for: one that has crashed says no goodbye, and they
 * would go on showing its patient beside the next one. Returns what ends it.
 */
function endOfFirst(leads: boolean, onGone: () => void): () => void {
  const end = new AbortController()
  const { signal } = end
  const ended = new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
  // Aborted while it waits: nobody asks any more.
  navigator.locks.request(`isocenter-windows ${group}`, { signal }, () => (leads ? ended : onGone())).catch(() => {})
  return () => end.abort()
}

/** The first window shows a study, or none (''): the others follow. */
export function tellOtherWindows(StudyInstanceUID: string): void {
  if (windowNumber() !== 1) return
  shown = StudyInstanceUID
  say({ kind: 'shows', study: shown })
}

/** In another window than the first: the walk is the first's. False in the first itself. */
export function walkInFirstWindow(walk: Walk): boolean {
  if (windowNumber() === 1) return false
  say({ kind: 'ask', study: shown, walk })
  return true
}

/**
 * One more window at the same study: of the browser, or on the workstation's next display. False: the browser did not let it open.
 */
export function openAnotherWindow(): boolean {
  const taken = new Set([...others.keys(), windowNumber()])
  const free = Array.from({ length: MOST - 1 }, (_, index) => index + 2).find(number => !taken.has(number))
  if (free === undefined) return false
  const opened = open(`/?window=${free}&group=${group}`, `isocenter-${group}-${free}`, 'popup,width=1200,height=900')
  // The workstation's own shell opens it itself and answers nothing.
  return opened !== null || 'desktop' in globalThis
}
