import { create } from 'zustand'

/** A scanner sends an image or two a second, with pauses between series: after this long nothing is said to be arriving. */
const STILL_MS = 10_000

/** Series of which images came just now. */
export const useArriving = create<ReadonlySet<string>>(() => new Set())

const timers = new Map<string, ReturnType<typeof setTimeout>>()

function set(change: (series: Set<string>) => void): void {
  const next = new Set(useArriving.getState())
  change(next)
  useArriving.setState(next, true)
}

/** More of the series has come. */
export function noteArrival(SeriesInstanceUID: string): void {
  clearTimeout(timers.get(SeriesInstanceUID))
  timers.set(
    SeriesInstanceUID,
    setTimeout(() => {
      timers.delete(SeriesInstanceUID)
      set(series => series.delete(SeriesInstanceUID))
    }, STILL_MS),
  )
  if (!useArriving.getState().has(SeriesInstanceUID)) set(series => series.add(SeriesInstanceUID))
}
