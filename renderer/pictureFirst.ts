/**
 * Between a key and the picture it asks for nothing else is begun: starting twenty calls took 25 to 36 ms of the page's thread before
 * the next study's first picture. What can wait does, until that picture is presented, and never longer than `MOST_MS`: some studies
 * have none.
 */

const MOST_MS = 1500

const awaited = new Set<symbol>()
const waiting: Array<() => void> = []

function goOn(): void {
  if (awaited.size > 0) return
  for (const resolve of waiting.splice(0)) resolve()
}

/** A picture is being waited for, until the returned function says that it is here, or that none comes. */
export function awaitPicture(): () => void {
  const mine = Symbol('picture')
  awaited.add(mine)
  const timer = setTimeout(end, MOST_MS)
  function end(): void {
    clearTimeout(timer)
    if (awaited.delete(mine)) goOn()
  }
  return end
}

/** Whether what can wait should. */
export function isPictureAwaited(): boolean {
  return awaited.size > 0
}

/** Resolves when no picture is waited for any more. */
export function afterPicture(): Promise<void> {
  return awaited.size === 0 ? Promise.resolve() : new Promise(resolve => waiting.push(resolve))
}

// Whoever leaves waits for no picture: what was to be said is said.
globalThis.addEventListener?.('pagehide', () => {
  awaited.clear()
  goOn()
})
