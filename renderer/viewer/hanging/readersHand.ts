/** How often the reader has pressed, turned or typed in the viewer: what has gone on since is under his hand, and stays. */
let uses = 0

export function usesSoFar(): number {
  return uses
}

/** Returns what ends it. */
export function countUses(): () => void {
  const use = ({ type, target }: Event) => {
    // Nothing in the viewer has the focus as it opens: keys are the page's then.
    const isKey = type === 'keydown' && target === document.body && document.querySelector('.viewer[data-visible]')
    if (isKey || (target instanceof Element && target.closest('.viewer') !== null)) uses++
  }
  const events = ['wheel', 'pointerdown', 'keydown'] as const
  for (const name of events) addEventListener(name, use, { capture: true, passive: true })
  return () => {
    for (const name of events) removeEventListener(name, use, { capture: true })
  }
}
