import { randomUUID } from 'node:crypto'
import type { Problem } from '../../../shared/contract.ts'

/** Trouble a user can live with, as values: shown until dismissed, newest first, the last 500 kept. */
export class Problems {
  #problems: Problem[] = []
  #listeners = new Set<(problem: Problem) => void>()

  /** The same sentence with the same detail moves up instead of standing twice. */
  report(found: Pick<Problem, 'severity' | 'sentence' | 'detail'>): Problem {
    const problem: Problem = { id: randomUUID(), at: Date.now(), ...found }
    const others = this.#problems.filter(p => p.sentence !== found.sentence || p.detail !== found.detail)
    this.#problems = [problem, ...others].slice(0, 500)
    for (const listener of this.#listeners) listener(problem)
    return problem
  }

  list(): Problem[] {
    return [...this.#problems]
  }

  /** It is over, whoever told of it. */
  retract({ sentence, detail }: Pick<Problem, 'severity' | 'sentence' | 'detail'>): void {
    this.#problems = this.#problems.filter(one => one.sentence !== sentence || one.detail !== detail)
  }

  dismiss(id: string): void {
    this.#problems = this.#problems.filter(problem => problem.id !== id)
  }

  onReport(listener: (problem: Problem) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
