export interface Places {
  /** Associations at once. */
  all: number
  /** Of one peer, by its address: an AE title is whatever a peer says. */
  perPeer: number
  /** How long an acceptance is held back for a place, in ms. Most requestors wait 30 s for their answer. */
  patience: number
}

/** One association's claim to a place. */
export interface Place {
  /** At once when there is room; otherwise the answer comes within `patience`. */
  readonly admitted: boolean | Promise<boolean>
  /** Gives the place back, or the waiting up. Harmless when it is neither in nor waiting. */
  leave(): void
}

interface Waiting {
  peer: string
  settle(admitted: boolean): void
}

/**
 * Who may come in. A full station holds the answer instead of refusing: most modalities report a refusal as a failed send that
 * somebody has to repeat by hand. First come, first served, but nobody waits behind a peer that has used up its own places.
 */
export class Admission {
  readonly #places: Places
  readonly #perPeer = new Map<string, number>()
  #taken = 0
  #waiting: Waiting[] = []

  constructor(places: Places) {
    this.#places = places
  }

  enter(peer: string): Place {
    let state: 'waiting' | 'in' | 'out' = 'waiting'
    if (this.#fits(peer)) {
      state = 'in'
      this.#take(peer)
      const leave = () => {
        if (state === 'in') this.#free(peer)
        state = 'out'
      }
      return { admitted: true, leave }
    }
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const waiting: Waiting = {
      peer,
      settle: admitted => {
        clearTimeout(timer)
        this.#waiting = this.#waiting.filter(other => other !== waiting)
        state = admitted ? 'in' : 'out'
        if (admitted) this.#take(peer)
        resolve(admitted)
      },
    }
    const timer = setTimeout(() => waiting.settle(false), this.#places.patience)
    this.#waiting.push(waiting)
    return {
      admitted: promise,
      leave: () => {
        if (state === 'in') this.#free(peer)
        else if (state === 'waiting') waiting.settle(false)
        state = 'out'
      },
    }
  }

  #fits(peer: string): boolean {
    return this.#taken < this.#places.all && (this.#perPeer.get(peer) ?? 0) < this.#places.perPeer
  }

  #take(peer: string): void {
    this.#taken += 1
    this.#perPeer.set(peer, (this.#perPeer.get(peer) ?? 0) + 1)
  }

  #free(peer: string): void {
    this.#taken -= 1
    const left = (this.#perPeer.get(peer) ?? 0) - 1
    if (left > 0) this.#perPeer.set(peer, left)
    else this.#perPeer.delete(peer)
    this.#waiting.find(waiting => this.#fits(waiting.peer))?.settle(true)
  }
}
