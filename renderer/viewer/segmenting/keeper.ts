import { encodeRuns } from '../../../shared/viewing/segmenting/runLength.ts'
import { type SegmentationHead, segmentationHead } from '../../../shared/viewing/segmenting/segment.ts'
import { call } from '../../client.ts'
import { msg, t, whyOf } from '../../i18n/index.ts'
import { useSession } from '../session.ts'
import { dropWork, keepBy, putWork, rebindWorks, tellDrawn, useSegmenting, workOf } from './segmentStore.ts'
import { homeIn, makeWork, sliceName, type Work } from './work.ts'

/** ms after the hand has let go. */
const REST_MS = 400
const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 10_000
/** Characters a part may have. */
const MOST_PART = 3 * 2 ** 20
/** Characters of one call; a part more may come on top. */
const MOST_CALL = 2 ** 19
const ANOTHER = msg('Another window has the unsaved segments of this study: draw there, or close it')
const CHANGED = msg('they were changed elsewhere meanwhile: save here what is drawn here, and open the study again')
const READING = msg('Segments that are not saved yet are being read: a moment')

interface Kept {
  id: string
  head: SegmentationHead
  /** By name of the slice, as it is kept. */
  slices: Map<string, string>
}

/** One reader's unsaved segmentations of one study, on the station's disk. */
class Keeper {
  readonly #study: string
  #rev: number | undefined
  #reading: Promise<void> | undefined
  /** Why they could not be read, the last time. */
  #refusal: string | undefined
  #release: (() => void) | undefined
  /** Of series that are not laid out yet. */
  #waiting: Kept[] = []
  /** Slices (by name) of works that are to be written; the work's id alone: its head. */
  readonly #due = new Map<string, Set<string>>()
  /** Names of parts on the disk that are to go. */
  readonly #gone = new Set<string>()
  /** Parts on the disk. */
  readonly #there = new Set<string>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #sending = false
  /** An answer was lost. */
  #isUncertain = false
  #retry = FIRST_RETRY_MS

  constructor(study: string) {
    this.#study = study
  }

  get isRead(): boolean {
    return this.#rev !== undefined
  }

  /** Resolves when that has been tried. */
  read(): Promise<void> {
    this.#reading ??= this.#take()
      .then(() => this.#read())
      .catch((thrown: unknown) => {
        this.#reading = undefined
        this.#refusal = whyOf(thrown)
      })
    return this.#reading
  }

  /** Why nothing can be drawn on a display set yet, in words. */
  waitsFor(set: string): string | undefined {
    if (this.#rev === undefined) return this.#refusal ?? READING
    return this.#waiting.some(({ head }) => head.set === set) ? READING : undefined
  }

  /** One window at a time has a study's unsaved segments. Rejects where another one does. */
  #take(): Promise<void> {
    if (this.#release !== undefined) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const hold = (lock: Lock | null): Promise<void> | undefined => {
        if (lock === null) {
          reject(new Error(t(ANOTHER)))
          return undefined
        }
        resolve()
        return new Promise<void>(release => {
          this.#release = release
        })
      }
      navigator.locks.request(`isocenter-segments-${this.#study}`, { ifAvailable: true }, hold).catch(reject)
    })
  }

  /** Another window may have them. */
  release(): void {
    this.#release?.()
    this.#release = undefined
  }

  async #read(): Promise<void> {
    const found = new Map<string, { head?: SegmentationHead; slices: Map<string, string> }>()
    let after = ''
    let rev = 0
    for (let more = true; more; ) {
      const page = await call('segments.get', { StudyInstanceUID: this.#study, after })
      for (const { part, data } of page.parts) {
        this.#there.add(part)
        after = part
        const at = part.indexOf('/')
        const [id, name] = [part.slice(0, at), part.slice(at + 1)]
        const kept = found.get(id) ?? { slices: new Map<string, string>() }
        found.set(id, kept)
        const head = name === 'head' ? segmentationHead.safeParse(parsed(data)) : undefined
        if (head?.success) kept.head = head.data
        else if (name !== 'head') kept.slices.set(name, data)
      }
      more = page.more
      rev = page.rev
    }
    this.#rev = rev
    this.#waiting = [...found].flatMap(([id, { head, slices }]) => (head ? [{ id, head, slices }] : []))
    await this.takeUp()
  }

  /** Brings back what was drawn on the series that are laid out by now. */
  async takeUp(): Promise<void> {
    const { stacks } = useSession.getState()
    for (const kept of [...this.#waiting]) {
      const stack = stacks.get(kept.head.SeriesInstanceUID)?.find(({ set }) => set.id === kept.head.set)
      if (stack === undefined || workOf(stack) !== undefined) continue
      const { segments, active, predecessor, ours, changed } = kept.head
      const work = makeWork(stack, kept.id, { segments, active, predecessor, ours, changed })
      if ('refusal' in work) continue
      const { columns, rows } = work.map.grid
      if (columns !== kept.head.columns || rows !== kept.head.rows) {
        // The images are others by now: it stays on the disk as it is, and is not waited for.
        this.#waiting = this.#waiting.filter(one => one !== kept)
        continue
      }
      const bringHome = homeIn(work)
      for (const [name, data] of kept.slices) bringHome(name, await unpacked(data, 8 * columns * rows))
      // Of what was saved without some images one has come: that is in no version yet.
      if (work.away.size < (kept.head.away ?? 0)) work.head = { ...work.head, changed: true }
      // Meanwhile the same may have been asked again.
      if (!this.#waiting.includes(kept) || workOf(stack) !== undefined) continue
      this.#waiting = this.#waiting.filter(one => one !== kept)
      putWork(work)
      for (const slice of work.map.drawn()) tellDrawn({ work, slice, rect: undefined })
      // The series may have grown while its slices were unpacked.
      rebindWorks()
    }
  }

  note(work: Work, slices: readonly number[]): void {
    const due = this.#due.get(work.id) ?? new Set<string>()
    this.#due.set(work.id, due)
    // After a save nothing of it is on the disk: then all of it comes back there.
    const isThere = this.#there.has(`${work.id}/head`) || due.size > 0
    for (const slice of isThere ? slices : work.map.drawn()) due.add(sliceName(work.entries[slice]!))
    if (!isThere) for (const name of work.away.keys()) due.add(name)
    this.#soon(REST_MS)
  }

  /** It is saved but for what lies on images that are not here: all of it is kept until they are, and saved with them. */
  keepWhatIsAway(work: Work): void {
    if (work.away.size === 0) this.forget(work)
    else this.note(work, [])
  }

  /** It is saved, or thrown away: none of it is kept any more. What is drawn on it from now on is kept under another name. */
  forget(work: Work): void {
    const { id } = work
    work.id = crypto.randomUUID()
    this.#due.delete(id)
    for (const part of this.#there) if (part.startsWith(`${id}/`)) this.#gone.add(part)
    this.#soon(0)
  }

  /** Everything is on the disk when it resolves with true. */
  async flush(): Promise<boolean> {
    while (this.#sending) await new Promise(resolve => setTimeout(resolve, 50))
    await this.#send()
    return this.#due.size === 0 && this.#gone.size === 0
  }

  #soon(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#send(), ms)
  }

  async #send(): Promise<void> {
    if (this.#sending || (this.#due.size === 0 && this.#gone.size === 0)) return
    this.#sending = true
    try {
      await this.read()
      while (this.#due.size > 0 || this.#gone.size > 0) await this.#sendSome()
      this.#retry = FIRST_RETRY_MS
      tellTrouble(this.#study, undefined)
    } catch (thrown) {
      tellTrouble(this.#study, whyOf(thrown))
      this.#retry = Math.min(LAST_RETRY_MS, this.#retry * 2)
      this.#soon(this.#retry)
    } finally {
      this.#sending = false
    }
  }

  async #sendSome(): Promise<void> {
    const rev = this.#rev
    if (rev === undefined) throw new Error(t('what is kept could not be read'))
    const parts: Array<{ part: string; data: string | null }> = []
    const done: Array<() => void> = []
    const again = () => {
      for (const put of done) put()
    }
    let size = 0
    for (const [id, names] of this.#due) {
      const work = useSegmenting.getState().works.find(one => one.id === id)
      if (work === undefined) {
        this.#due.delete(id)
        continue
      }
      const entries = new Map(work.entries.map((entry, index) => [sliceName(entry), index]))
      parts.push({ part: `${id}/head`, data: JSON.stringify(headOf(work)) })
      const sent: string[] = []
      done.push(() => {
        const due = this.#due.get(id) ?? new Set<string>()
        for (const name of sent) due.add(name)
        this.#due.set(id, due)
      })
      for (const name of names) {
        if (size > MOST_CALL || parts.length > 1000) break
        // Drawn on again while this is on its way, it is due again.
        names.delete(name)
        sent.push(name)
        const index = entries.get(name)
        const away = work.away.get(name)
        // Of an image that is gone, and nothing known of it: what is on the disk of it stays there.
        if (index === undefined && away === undefined) continue
        const slice = work.map.slice(index ?? -1)
        const isEmpty = slice === undefined || slice.every(label => label === 0)
        const runs = isEmpty ? away : encodeRuns(slice)
        const data = runs === undefined ? null : await packed(runs)
        if (data !== null && data.length > MOST_PART) {
          again()
          throw new Error(t('a slice takes more than can be kept: save the segmentation'))
        }
        parts.push({ part: `${id}/${name}`, data })
        size += data?.length ?? 0
      }
      if (names.size === 0) this.#due.delete(id)
    }
    const gone = [...this.#gone].slice(0, 1000)
    for (const part of gone) parts.push({ part, data: null })
    if (parts.length === 0) return
    const answer = await call('segments.put', { StudyInstanceUID: this.#study, rev, parts }).catch(
      (thrown: unknown) => {
        again()
        // It may have been written all the same.
        this.#isUncertain = true
        throw thrown
      },
    )
    if (answer.rev === null) {
      again()
      const { rev: newest } = await call('segments.get', { StudyInstanceUID: this.#study, after: '~' })
      // Gone from the disk altogether is no other's work, nor is what this window itself wrote without hearing of it.
      if (newest !== 0 && !this.#isUncertain) throw new Error(t(CHANGED))
      this.#isUncertain = false
      this.#rev = newest
      return
    }
    this.#isUncertain = false
    this.#rev = answer.rev
    for (const part of gone) this.#gone.delete(part)
    for (const { part, data } of parts) {
      if (data === null) this.#there.delete(part)
      else this.#there.add(part)
    }
    // Saved or thrown away while it was on its way.
    const { works } = useSegmenting.getState()
    for (const { part, data } of parts) {
      if (data !== null && !works.some(({ id }) => part.startsWith(`${id}/`))) this.#gone.add(part)
    }
  }
}

function headOf(work: Work): SegmentationHead {
  const { SeriesInstanceUID, set, map, head, away } = work
  const { columns, rows } = map.grid
  return { version: 1, set, SeriesInstanceUID, columns, rows, away: away.size, ...head }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function tellTrouble(study: string, words: string | undefined): void {
  if (useSegmenting.getState().troubles.get(study) === words) return
  useSegmenting.setState(({ troubles }) => {
    const next = new Map(troubles)
    if (words === undefined) next.delete(study)
    else next.set(study, words)
    return { troubles: next }
  })
}

async function packed(runs: Uint8Array): Promise<string> {
  const stream = new Blob([runs as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream('deflate-raw'))
  return base64(new Uint8Array(await new Response(stream).arrayBuffer()))
}

/** Never more than `most` bytes, whatever the text says. */
async function unpacked(text: string, most: number): Promise<Uint8Array> {
  const bytes = fromBase64(text)
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader()
  const chunks: BlobPart[] = []
  let length = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      length += value.length
      if (length > most) break
      chunks.push(value)
    }
  } catch {
    // What is broken ends here; the labels say that they are too few.
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer())
}

/** Nothing, where it is none: the labels say that they are too few. */
function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text), sign => sign.charCodeAt(0))
  } catch {
    return new Uint8Array()
  }
}

function base64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  return btoa(text)
}

const keepers = new Map<string, Keeper>()

function keeperOf(study: string): Keeper {
  let keeper = keepers.get(study)
  if (keeper === undefined) {
    keeper = new Keeper(study)
    keepers.set(study, keeper)
  }
  return keeper
}

/** Why nothing can be drawn on a display set yet, in words: what is kept of it is read first, from now on if need be. */
export function waitsForKept(study: string, set: string): string | undefined {
  const keeper = keeperOf(study)
  const waits = keeper.waitsFor(set)
  if (!keeper.isRead) void keeper.read()
  return waits
}

/** By study, what still needs what is drawn on it. */
const held = new Map<string, Set<Promise<unknown>>>()

/** What is drawn on a study stays here until then, though the study is left. */
export function holdSegments(study: string, until: Promise<unknown>): void {
  const all = held.get(study) ?? new Set<Promise<unknown>>()
  held.set(study, all)
  const done = until
    .catch(() => {})
    .finally(() => {
      all.delete(done)
      if (all.size === 0) held.delete(study)
    })
  all.add(done)
}

/** A study is left: what was drawn on it is let go of as soon as it is on the disk, and nobody is saving it. */
async function leave(study: string): Promise<void> {
  while (held.has(study)) await Promise.all(held.get(study) ?? [])
  const keeper = keepers.get(study)
  if (keeper === undefined || !(await keeper.flush()) || isOnScreen(study)) return
  keepers.delete(study)
  keeper.release()
  for (const work of useSegmenting.getState().works) if (work.StudyInstanceUID === study) dropWork(work)
}

function isOnScreen(study: string): boolean {
  const { study: opened, beside } = useSession.getState()
  return opened?.StudyInstanceUID === study || beside.has(study)
}

/** It is thrown away. */
export function forgetKept(work: Work): void {
  keeperOf(work.StudyInstanceUID).forget(work)
}

/** It is saved. */
export function keepWhatIsAway(work: Work): void {
  keeperOf(work.StudyInstanceUID).keepWhatIsAway(work)
}

keepBy((work, slices) => keeperOf(work.StudyInstanceUID).note(work, slices))

/** Reads what is kept of the studies on the screen, behind their pictures, and brings it back as their series are laid out. */
export function followKept(): () => void {
  const timers = new Set<ReturnType<typeof setTimeout>>()
  const follow = (study: string | undefined) => {
    if (study === undefined || keepers.get(study)?.isRead) return
    const attempt = async () => {
      if (!isOnScreen(study)) return
      await keeperOf(study).read()
      // Another window has them, or the station is away.
      if (!keeperOf(study).isRead && isOnScreen(study)) timers.add(setTimeout(() => void attempt(), LAST_RETRY_MS / 2))
    }
    timers.add(setTimeout(() => void attempt(), AFTER_PICTURE_MS))
  }
  follow(useSession.getState().study?.StudyInstanceUID)
  const stop = useSession.subscribe((now, before) => {
    if (now.study?.StudyInstanceUID !== before.study?.StudyInstanceUID) {
      follow(now.study?.StudyInstanceUID)
      for (const study of keepers.keys()) if (!isOnScreen(study)) void leave(study)
    }
    if (now.stacks !== before.stacks) for (const keeper of keepers.values()) void keeper.takeUp()
  })
  return () => {
    stop()
    for (const timer of timers) clearTimeout(timer)
  }
}

const AFTER_PICTURE_MS = 300
