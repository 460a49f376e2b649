/**
 * What `make` makes of each item, in order; while one is used the next is made, so that there are two at most. Each is undone when
 * the one after it is asked for; ended early, so is what was made and not handed out.
 */
export async function* oneAhead<Item, Made>(
  items: Iterable<Item>,
  make: (item: Item) => Promise<Made>,
  undo: (made: Made) => Promise<void>,
): AsyncGenerator<Made, void> {
  const waiting: Array<Promise<Made>> = []
  async function* handOut(): AsyncGenerator<Made, void> {
    const made = await (waiting.shift() as Promise<Made>)
    try {
      yield made
    } finally {
      await undo(made)
    }
  }
  try {
    for (const item of items) {
      const made = make(item)
      // Heard of in its turn.
      made.catch(() => {})
      waiting.push(made)
      if (waiting.length > 1) yield* handOut()
    }
    while (waiting.length > 0) yield* handOut()
  } finally {
    for (const made of waiting) await made.then(undo, () => {})
  }
}

/** The rest of a generator with the `first` that was taken from it back at its head. */
export async function* withFirst<Made>(first: Made, rest: AsyncGenerator<Made, void>): AsyncGenerator<Made, void> {
  try {
    yield first
    yield* rest
  } finally {
    await rest.return()
  }
}
