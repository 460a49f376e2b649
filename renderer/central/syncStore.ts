import { create } from 'zustand'
import type { DestinationSummary } from '../../shared/sync.ts'
import { call, onStationEvent } from '../client.ts'
import { t } from '../i18n/index.ts'
import { announce, announceFailure, countImages } from '../ui/index.ts'

interface SyncState {
  /** Undefined until the station has said it. */
  destinations: DestinationSummary[] | undefined
  /** The station does not answer: what is shown is what it last said. */
  offline: boolean
}

/** How the destinations do, as every room shows it. */
export const useSync = create<SyncState>(() => ({ destinations: undefined, offline: false }))

async function readSync(): Promise<void> {
  try {
    const { destinations } = await call('sync.status', {})
    useSync.setState({ destinations, offline: false })
  } catch {
    useSync.setState({ offline: true })
  }
}

/** Follows the destinations. Returns what stops it. */
export function followSync(): () => void {
  void readSync()
  const stops = [
    onStationEvent('sync', ({ destinations }) => useSync.setState({ destinations, offline: false })),
    onStationEvent('again', () => void readSync()),
    onStationEvent('connection', online => {
      if (online) void readSync()
      else useSync.setState({ offline: true })
    }),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

async function keepPaused(destination: string, paused: boolean): Promise<void> {
  await call('sync.pause', { destination, paused })
  await readSync()
}

/** Nothing more is sent there, or again; undoable. */
export async function setPaused(destination: string, paused: boolean): Promise<void> {
  try {
    await keepPaused(destination, paused)
    announce(paused ? `${destination} paused` : `${destination} goes on`, () => keepPaused(destination, !paused))
  } catch (thrown) {
    announceFailure(
      paused
        ? t('{{destination}} could not be paused.', { destination })
        : t('{{destination}} could not be resumed.', { destination }),
      thrown,
    )
  }
}

export async function sendNow(destination: string): Promise<void> {
  try {
    await call('sync.now', { destination })
    announce(t('{{destination}} is tried now', { destination }))
    await readSync()
  } catch (thrown) {
    announceFailure(t('{{destination}} could not be tried.', { destination }), thrown)
  }
}

/** What was refused is sent again: these images, those of a study, or all of a destination. How many; undefined where it failed, and was said. */
export async function sendAgain(
  destination: string,
  which: { contentIds?: number[]; StudyInstanceUID?: string } = {},
): Promise<number | undefined> {
  try {
    const { images } = await call('sync.retry', { destination, ...which })
    announce(t('{{images}} sent again to {{destination}}', { images: countImages(images), destination }))
    return images
  } catch (thrown) {
    announceFailure('It could not be sent again.', thrown)
    return undefined
  }
}

/** A study's images before all others. */
export async function sendFirst(StudyInstanceUID: string): Promise<void> {
  try {
    const { images } = await call('sync.prioritise', { StudyInstanceUID })
    announce(images === 0 ? 'Nothing of it waits' : `${countImages(images)} go before all others`)
  } catch (thrown) {
    announceFailure('It could not be put first.', thrown)
  }
}
