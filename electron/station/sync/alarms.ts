import type { Problems } from '../base/problems.ts'

export type ProblemList = Pick<Problems, 'report' | 'dismiss'>

/** What of a destination lasts until it works again. */
const STANDING = {
  away: 'cannot be reached. What arrives waits here and goes there by itself.',
  full: 'takes nothing at the moment. What arrives waits here and goes there by itself.',
  blind: 'cannot be asked what it has. What was sent there stays unproved until it can.',
} as const
export type Standing = keyof typeof STANDING

const ONCE = {
  dead: 'refused images for good. They stay here and wait for a person’s word (Activity).',
  lost: 'had lost images that it had shown to have. What is still here is sent again.',
  lesser: 'cannot show as much of what it has as is asked for: images count as confirmed by less.',
} as const

/** Tells people how a destination does: one calm sentence while something lasts, taken back when it works. */
export class Alarms {
  readonly #name: string
  readonly #problems: ProblemList
  #standing: { kind: Standing; id: string } | undefined

  constructor(name: string, problems: ProblemList) {
    this.#name = name
    this.#problems = problems
  }

  raise(kind: Standing, reason: string): void {
    if (this.#standing?.kind === kind) return
    this.clear()
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

  /** Stays until a person has seen it; the same again moves up instead of standing twice. */
  tell(kind: keyof typeof ONCE): void {
    this.#problems.report({ severity: 'attention', sentence: `"${this.#name}" ${ONCE[kind]}`, detail: '' })
  }
}
