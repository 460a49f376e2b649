/**
 * Hands what one side is given, piece by piece, to another that asks for it in its own time: one piece is under way at most, and whoever
 * gives it waits until it is done with.
 */
export class HandOver<T> {
  #offered = Promise.withResolvers<{ piece: T } | undefined>()
  #done = Promise.withResolvers<void>()
  /** There is nothing after what is offered; `error`: why. */
  #ended: { error?: Error } | undefined
  #closed = false

  /** Resolves when the next piece is asked for, or nobody wants any more. One at a time, and none after `end`. */
  give(piece: T): Promise<void> {
    if (this.#closed || this.#ended) return Promise.resolve()
    this.#offered.resolve({ piece })
    return this.#done.promise
  }

  /** That was all; or, with an error, the taker rejects with it. */
  end(error?: Error): void {
    this.#ended ??= error ? { error } : {}
    this.#offered.resolve(undefined)
  }

  /** Nobody takes any more: what is given from now on is dropped. */
  close(): void {
    this.#closed = true
    this.#done.resolve()
  }

  /** What is given, once. A piece is good until the next one is asked for. */
  async *pieces(): AsyncGenerator<T, void> {
    try {
      for (;;) {
        const offer = await this.#offered.promise
        if (!offer) break
        if (!this.#ended) this.#offered = Promise.withResolvers()
        yield offer.piece
        const done = this.#done
        this.#done = Promise.withResolvers()
        done.resolve()
        if (this.#ended) break
      }
      if (this.#ended?.error) throw this.#ended.error
    } finally {
      this.close()
    }
  }
}
