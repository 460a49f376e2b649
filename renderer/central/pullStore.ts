import { useEffect } from 'react'
import { create } from 'zustand'
import type { PullSummary } from '../../shared/pull.ts'
import { call, onStationEvent } from '../client.ts'

/** What is here of what the archives have for this station; undefined until somebody looks and the station has said it. */
export const usePulls = create<{ archives: PullSummary[] | undefined }>(() => ({ archives: undefined }))

const PAUSE_MS = 2000

/** Reads it now, and again when something came or a destination changed, as long as a component shows it. */
export function useFollowedPulls(): PullSummary[] | undefined {
  useEffect(() => {
    let soon: ReturnType<typeof setTimeout> | undefined
    const read = () => {
      soon = undefined
      // Unreachable is the status line's to say.
      call('pull.status', {}).then(
        ({ archives }) => usePulls.setState({ archives }),
        () => {},
      )
    }
    const again = () => {
      soon ??= setTimeout(read, PAUSE_MS)
    }
    read()
    const stops = [onStationEvent('sync', again), onStationEvent('studies', again), onStationEvent('again', again)]
    return () => {
      clearTimeout(soon)
      for (const stop of stops) stop()
    }
  }, [])
  return usePulls(({ archives }) => archives)
}
