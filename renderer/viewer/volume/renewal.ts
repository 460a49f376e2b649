/** What fills is drawn anew so often, and where all its pictures take no more than a third of the time: its slices are decoded meanwhile. */
const RENEW_MS = 400
const RENEW_SHARE = 2
/** A picture that takes longer holds up the others no more. */
const PATIENCE_MS = 2000

/** Draws what fills anew while it does, and at once when it is whole. */
interface Renewal {
  /** There is something to be drawn anew: now, soon, or after what is being drawn. */
  soon: () => void
  stop: () => void
}

/** `draw` begins all pictures anew; what it gives resolves or rejects as they are done. */
export function renewalOf(isWhole: () => boolean, draw: () => Array<Promise<unknown>>): Renewal {
  let timer: ReturnType<typeof setTimeout> | undefined
  /** `performance.now()` before which nothing is drawn anew; infinite while that is done. */
  let notBefore = 0
  /** Told of while it was drawn: slices that came, or a picture that was begun before the last of them. */
  let again = false
  const renew = async () => {
    timer = undefined
    const began = performance.now()
    notBefore = Number.POSITIVE_INFINITY
    again = false
    // One that was overtaken is no reason to draw none of them again.
    await Promise.race([Promise.allSettled(draw()), new Promise(resolve => setTimeout(resolve, PATIENCE_MS))])
    const now = performance.now()
    notBefore = Math.max(began + RENEW_MS, now + (now - began) * RENEW_SHARE)
    if (again) soon()
  }
  const soon = () => {
    again = true
    if (notBefore === Number.POSITIVE_INFINITY) return
    if (isWhole()) clearTimeout(timer)
    else if (timer !== undefined) return
    notBefore ||= performance.now() + RENEW_MS
    timer = setTimeout(() => void renew(), isWhole() ? 0 : Math.max(0, notBefore - performance.now()))
  }
  const stop = () => {
    again = false
    clearTimeout(timer)
  }
  return { soon, stop }
}
