/**
 * Runs `work` for a key at once, and while it is asked for again, one after the other, never sooner than `stepMs` after it began
 * last: the last wish is always followed by a run that begins after it. `failed` hears what `work` rejects with.
 */
export function oncePerStep(
  stepMs: number,
  work: (key: string) => Promise<void>,
  failed: (key: string, reason: unknown) => void,
): (key: string) => void {
  const busy = new Map<string, { again: boolean }>()
  async function run(key: string, state: { again: boolean }): Promise<void> {
    do {
      state.again = false
      const step = new Promise(resolve => setTimeout(resolve, stepMs))
      await work(key).catch(reason => failed(key, reason))
      await step
    } while (state.again)
    busy.delete(key)
  }
  return key => {
    const state = busy.get(key)
    if (state !== undefined) {
      state.again = true
      return
    }
    const started = { again: false }
    busy.set(key, started)
    void run(key, started)
  }
}
