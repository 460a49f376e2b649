import type { Problems } from '../base/problems.ts'
import type { LostContent } from '../store/index.ts'

export type ProblemList = Pick<Problems, 'report' | 'retract' | 'dismiss'>

/** What of a destination lasts until it works again. That it is away is said by its state alone: one outage is not told twice. */
const STANDING = {
  full: 'takes nothing at the moment. What arrives waits here and goes there by itself.',
  blind: 'cannot be asked what it has. What was sent there stays unproved until it can.',
} as const
export type Standing = keyof typeof STANDING | 'away'

const REFUSED = 'refused images for good. They stay here and wait for a person’s word (Activity).'
const ONCE = {
  dead: REFUSED,
  lost: 'had lost images that it had shown to have. What is still here is sent again.',
  lesser: 'cannot show as much of what it has as is asked for: images count as confirmed by less.',
} as const

const NAMED = 20
const images = (count: number) => (count === 1 ? '1 image' : `${count.toLocaleString('en')} images`)

/** Tells people how a destination does: one calm sentence while something lasts, taken back when it works. */
export class Alarms {
  readonly #name: string
  readonly #problems: ProblemList
  #standing: { kind: Standing; id: string } | undefined
  /** By content. */
  readonly #nowhere = new Map<number, Omit<LostContent, 'contentId'>>()
  #nowhereId: string | undefined

  constructor(name: string, problems: ProblemList) {
    this.#name = name
    this.#problems = problems
  }

  raise(kind: Standing, reason: string): void {
    if (this.#standing?.kind === kind) return
    this.clear()
    if (kind === 'away') return
    const sentence = `"${this.#name}" ${STANDING[kind]}`
    const { id } = this.#problems.report({ severity: 'attention', sentence, detail: reason })
    this.#standing = { kind, id }
  }

  /** It works again; with `kind` only where that was the matter. */
  clear(kind = this.#standing?.kind): void {
    if (!this.#standing || this.#standing.kind !== kind) return
    this.#problems.dismiss(this.#standing.id)
    this.#standing = undefined
  }

  /** What it lost and is not here either, with all that was told of before: one problem, however many looks find it. */
  tellNowhere(lost: LostContent[]): void {
    for (const { contentId, ...one } of lost) this.#nowhere.set(contentId, one)
    const all = [...this.#nowhere.values()]
    const held = all.filter(({ holders }) => holders.length > 0)
    const holders = [...new Set(held.flatMap(one => one.holders))].map(name => `"${name}"`).join(', ')
    const others =
      held.length === 0
        ? 'No other archive is known to hold them: have them sent again.'
        : `Other archives that hold ${held.length === all.length ? 'them' : `${held.length} of them`}: ${holders}. They are fetched from there and go there again.`
    const studies = new Map<string, number>()
    for (const { StudyInstanceUID } of all) studies.set(StudyInstanceUID, (studies.get(StudyInstanceUID) ?? 0) + 1)
    const named = [...studies].slice(0, NAMED).map(([uid, count]) => `${images(count)} of study ${uid}`)
    if (studies.size > NAMED) named.push(`and of ${studies.size - NAMED} studies more`)
    if (this.#nowhereId !== undefined) this.#problems.dismiss(this.#nowhereId)
    this.#nowhereId = this.#problems.report({
      severity: held.length === all.length ? 'attention' : 'failure',
      sentence: `"${this.#name}" has lost ${images(all.length)} that had left this station for it. ${others}`,
      detail: named.join('\n'),
    }).id
  }

  /** What it refused was sent again, or is told of no more: the person has seen it. */
  refusedAgainSent(): void {
    this.#problems.retract({ severity: 'attention', sentence: `"${this.#name}" ${REFUSED}`, detail: '' })
  }

  /** Stays until a person has seen it; the same again moves up instead of standing twice. */
  tell(kind: keyof typeof ONCE): void {
    this.#problems.report({ severity: 'attention', sentence: `"${this.#name}" ${ONCE[kind]}`, detail: '' })
  }
}
