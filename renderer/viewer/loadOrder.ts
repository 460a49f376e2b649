/** One pane's stack as the load order sees it. */
export interface StackOrder {
  imageIds: string[]
  /** On the screen, or jumped to. */
  index: number
  /** Of travel: images ahead come more often than those behind. */
  direction: 1 | -1
}

/** Three ahead for one behind: a reader turns round now and then, and seldom without a look at the neighbours. */
const AHEAD = 3

/** From `index` outward, mostly in the direction of travel; every index once. */
export function outward(length: number, index: number, direction: 1 | -1): number[] {
  const order: number[] = index < length && index >= 0 ? [index] : []
  let ahead = index + direction
  let behind = index - direction
  const inside = (i: number) => i >= 0 && i < length
  while (inside(ahead) || inside(behind)) {
    for (let i = 0; i < AHEAD && inside(ahead); i++, ahead += direction) order.push(ahead)
    if (inside(behind)) {
      order.push(behind)
      behind -= direction
    }
  }
  return order
}

/**
 * All panes' images in the order they are wanted, each once, without those that `have` says are here: first what is on
 * the screens, then the panes in turn, the first one (the active pane) twice as often.
 */
export function interleave(stacks: StackOrder[], have: (imageId: string) => boolean): string[] {
  const queues = stacks.map(({ imageIds, index, direction }) =>
    outward(imageIds.length, index, direction).map(i => imageIds[i]!),
  )
  const order = new Set<string>()
  const positions = queues.map(() => 0)
  const take = (queue: number) => {
    const imageId = queues[queue]?.[positions[queue]!++]
    if (imageId !== undefined && !have(imageId)) order.add(imageId)
  }
  queues.forEach((_, queue) => {
    take(queue)
  })
  while (queues.some((queue, i) => positions[i]! < queue.length)) {
    queues.forEach((_, queue) => {
      take(queue)
    })
    take(0)
  }
  return [...order]
}

/**
 * What is read ahead when all that the panes show is here, in the order of `stacks` (the rest of the study, then the next study,
 * then its priors), each image once.
 */
export function readingOn(stacks: readonly string[][], have: (imageId: string) => boolean): string[] {
  return [...new Set(stacks.flat())].filter(imageId => !have(imageId))
}
