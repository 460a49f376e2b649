import { createStore } from 'zustand/vanilla'
import { IsocenterError } from '../../shared/errors.ts'
import type { ReportContent, ReportVersion } from '../../shared/reporting/report.ts'
import { whyOf } from '../i18n/index.ts'

/** What a keeper needs of the counter. */
export interface ReportCounter {
  get(StudyInstanceUID: string): Promise<ReportVersion[]>
  /** Durable when it resolves with the next `rev`; null: made on one that is no longer the newest. */
  put(StudyInstanceUID: string, version: number, rev: number, content: ReportContent): Promise<number | null>
  /** Other windows that have the study open should read it again. */
  tell(StudyInstanceUID: string): void
}

export interface ReportState {
  /** The station has said what there is. */
  loaded: boolean
  /** As the station has them. */
  versions: ReportVersion[]
  /** What is being written; undefined: nothing is, or the last version is signed. */
  content: ReportContent | undefined
  /** Everything in `content` is on the station's disk. */
  saved: boolean
  /** Why it is not, for a person; it is tried again until it is. */
  trouble: string | undefined
  /** What another window made of it meanwhile: nothing is kept until the reader has chosen. */
  conflict: ReportVersion | undefined
  /** What was typed here and not kept yet when it was signed elsewhere: stays until the reader has done something with it. */
  stranded: ReportContent | undefined
}

/** A pause in typing; and the longest that what was typed waits. */
const PAUSE_MS = 400
const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 10_000

/** What the station answers has its members in another order. */
function isSame(one: ReportContent, other: ReportContent): boolean {
  const words = (content: ReportContent) =>
    JSON.stringify(content, (_, value: unknown) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
        : value,
    )
  return words(one) === words(other)
}

/** A study's report as it is written in this window: kept at the station from the moment it changes. */
export class ReportKeeper {
  readonly state = createStore<ReportState>(() => ({
    loaded: false,
    versions: [],
    content: undefined,
    saved: true,
    trouble: undefined,
    conflict: undefined,
    stranded: undefined,
  }))
  readonly #study: string
  readonly #counter: ReportCounter
  #version = 1
  /** Of the version that is written, as the station has it; 0 = not there yet. */
  #rev = 0
  /** How often something was put: what was read before that does not tell of it. */
  #puts = 0
  #putting: Promise<unknown> | undefined
  /** How often it was asked to be read, as `#puts`. */
  #asked = 0
  #reading: Promise<void> | undefined
  #working: Promise<void> | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #retry = FIRST_RETRY_MS

  constructor(StudyInstanceUID: string, counter: ReportCounter) {
    this.#study = StudyInstanceUID
    this.#counter = counter
  }

  get version(): number {
    return this.#version
  }

  get rev(): number {
    return this.#rev
  }

  /** Reads what the station has; what is not yet kept stays, and is a conflict where the station has something else. */
  async read(): Promise<void> {
    try {
      await this.#takeNewest()
      // What waited for this to be read.
      if (!this.state.getState().saved) this.#timer ??= setTimeout(() => void this.#work(), PAUSE_MS)
    } catch (thrown) {
      this.#failed(thrown, () => void this.read())
    }
  }

  /** One at a time: of two answers on their way the older one could come last. Asked for again meanwhile it is read once more. */
  #takeNewest(): Promise<void> {
    this.#asked++
    this.#reading ??= this.#untilNewest().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #untilNewest(): Promise<void> {
    for (;;) {
      await this.#putting?.catch(() => {})
      const [puts, asked] = [this.#puts, this.#asked]
      const versions = await this.#counter.get(this.#study)
      if (puts !== this.#puts || asked !== this.#asked) continue
      this.#take(versions)
      return
    }
  }

  /** Begins to write where nothing is written; kept from the first change on. */
  begin(content: ReportContent): void {
    const { loaded, versions } = this.state.getState()
    if (loaded && versions.length === 0 && this.#rev === 0) this.state.setState({ content })
  }

  edit(content: ReportContent): void {
    if (this.state.getState().content === undefined) return
    this.state.setState({ content, saved: false })
    // Its own timer goes on: who types without a pause is kept, too.
    this.#timer ??= setTimeout(() => void this.#work(), PAUSE_MS)
  }

  /** Resolves when everything is kept; false: it is not, and the state says why. */
  async kept(): Promise<boolean> {
    await this.#work()
    const { saved, conflict } = this.state.getState()
    return saved && conflict === undefined
  }

  /** The reader has chosen between his own text and the other window's. */
  choose(mine: boolean): void {
    const { conflict, content } = this.state.getState()
    if (conflict === undefined) return
    this.#version = conflict.version
    this.#rev = conflict.rev
    this.state.setState({ conflict: undefined, content: mine ? content : conflict.content, saved: !mine })
    if (mine) void this.#work()
  }

  /** What was signed elsewhere under the reader's hands is taken over, or given up. */
  letGo(): void {
    this.state.setState({ stranded: undefined })
  }

  /** Nothing here is lost when it is forgotten. */
  get isIdle(): boolean {
    const { saved, conflict, stranded } = this.state.getState()
    return saved && conflict === undefined && stranded === undefined && this.#working === undefined
  }

  /** The station's answer about one version. */
  replace(report: ReportVersion): void {
    const { versions } = this.state.getState()
    const others = versions.filter(({ version }) => version !== report.version)
    this.#take([...others, report].sort((a, b) => a.version - b.version))
    this.#counter.tell(this.#study)
  }

  /** The station is back. */
  retry(): void {
    if (this.state.getState().trouble === undefined) return
    this.#retry = FIRST_RETRY_MS
    void (this.state.getState().loaded ? this.#work() : this.read())
  }

  /** Now: the page or the study is being left. Nobody is left to hear of a failure. */
  flush(): void {
    const { saved, content, conflict } = this.state.getState()
    if (saved || content === undefined || conflict !== undefined) return
    if (this.#working === undefined) void this.#work()
    // One more follows the one that is on its way.
    else this.#counter.put(this.#study, this.#version, this.#rev + 1, content).catch(() => {})
  }

  #take(versions: ReportVersion[]): void {
    const { saved, content } = this.state.getState()
    const last = versions.at(-1)
    const writes = last !== undefined && last.state !== 'final' ? last : undefined
    const isOther = last !== undefined && (last.rev !== this.#rev || last.version !== this.#version)
    if (!saved && content !== undefined && isOther) {
      if (writes !== undefined && !isSame(writes.content, content)) {
        this.state.setState({ loaded: true, versions, conflict: writes, trouble: undefined })
        return
      }
    }
    const unwritten = last === undefined ? content : undefined
    const isStranded = !saved && content !== undefined && last?.state === 'final' && !isSame(last.content, content)
    this.#version = writes?.version ?? (last === undefined ? 1 : last.version)
    this.#rev = writes?.rev ?? 0
    this.state.setState({
      loaded: true,
      versions,
      content: saved || writes === undefined ? (writes?.content ?? unwritten) : content,
      saved: saved || (writes === undefined && last !== undefined),
      trouble: undefined,
      conflict: undefined,
      ...(isStranded && { stranded: content }),
    })
  }

  #work(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#working ??= this.#untilKept().finally(() => {
      this.#working = undefined
    })
    return this.#working
  }

  async #untilKept(): Promise<void> {
    try {
      for (;;) {
        const { saved, content, conflict } = this.state.getState()
        if (saved || content === undefined || conflict !== undefined) return
        const rev = await this.#put(content)
        if (rev === null) {
          await this.#takeNewest()
          continue
        }
        this.#retry = FIRST_RETRY_MS
        this.#noteKept(content, rev)
        this.#counter.tell(this.#study)
      }
    } catch (thrown) {
      // Signed in another window meanwhile.
      if (thrown instanceof IsocenterError && thrown.code === 'report-locked') {
        await this.read()
        return
      }
      this.#failed(thrown, () => void this.#work())
    }
  }

  async #put(content: ReportContent): Promise<number | null> {
    this.#puts++
    const putting = this.#counter.put(this.#study, this.#version, this.#rev, content)
    this.#putting = putting
    try {
      const rev = await putting
      if (rev !== null) this.#rev = rev
      return rev
    } finally {
      this.#putting = undefined
    }
  }

  /** The station has it as a draft, whatever it was released as. */
  #noteKept(content: ReportContent, rev: number): void {
    const { versions, content: now } = this.state.getState()
    const before = versions.find(({ version }) => version === this.#version)
    const kept: ReportVersion = {
      version: this.#version,
      by: before?.by ?? '',
      documents: before?.documents ?? [],
      state: 'draft',
      rev,
      at: Date.now(),
      content,
      signature: null,
    }
    this.state.setState({
      versions: [...versions.filter(({ version }) => version !== this.#version), kept],
      saved: now === content,
      trouble: undefined,
    })
  }

  #failed(thrown: unknown, again: () => void): void {
    this.state.setState({ trouble: whyOf(thrown) })
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      again()
    }, this.#retry)
    this.#retry = Math.min(LAST_RETRY_MS, this.#retry * 2)
  }
}
