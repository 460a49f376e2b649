import { resolve, sep } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { VolumeConfig, VolumeRule } from '../../../../shared/config.ts'
import type { SpaceLevel, VolumeState } from '../../../../shared/contract.ts'
import { IsocenterError } from '../../../../shared/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Thread } from '../../base/thread.ts'
import type { StoreProblem } from '../index.ts'
import type { WriterApi } from '../writer.ts'
import { choosePlace, DATA_VOLUME, type PlacedFacts } from './placement.ts'
import { spaceLevel, type Watermarks, watermarks } from './space.ts'
import type { Space } from './spaceWatch.ts'
import type { KnownVolumes } from './stationFile.ts'
import type { PutObject, PutResult, VolumeData, VolumeFolder } from './volumeFolder.ts'
import type { VolumeRow } from './volumeRows.ts'

export interface VolumeTimes {
  /** How often each is looked at. */
  checkMs: number
  /** One that does not answer for so long is left alone until it does; a write has as much more as its bytes take at 2 MB/s. */
  hangMs: number
}

export const VOLUME_TIMES: VolumeTimes = { checkMs: 5000, hangMs: 15_000 }
const BYTES_PER_MS = 2000

export interface VolumesParts {
  dataDir: string
  known: KnownVolumes
  config: readonly VolumeConfig[]
  watermarks: Partial<Watermarks> | undefined
  times: VolumeTimes
  writer: Thread<WriterApi>
  log: Log
  startThread(data: VolumeData): Thread<VolumeFolder>
  dataSpace(): Space
  report(problem: StoreProblem): void
}

interface Volume {
  id: number
  name: string
  identity: string
  root: string
  rule: VolumeRule | undefined
  /** Nothing is placed on one that the configuration no longer names; what lies there is read. */
  configured: boolean
  draining: boolean
  state: VolumeState
  space: Space
  thread: Thread<VolumeFolder> | undefined
  /** Calls that are with its thread. */
  waiting: number
}

export type Volumes = Awaited<ReturnType<typeof openVolumes>>

/**
 * The roots beside the data folder: each with a thread of its own, looked at on a timer and before each use. One that is not
 * mounted, is another disk or does not answer is not used, and comes back by itself.
 */
export async function openVolumes(parts: VolumesParts) {
  const { writer, log, times } = parts
  const volumes = new Map<number, Volume>()
  /** The configuration's volumes that have never been there: they have no row yet. */
  const unseen = new Map<string, { config: VolumeConfig; told: boolean; busy: boolean }>()
  let hasUnknown = false
  const readyListeners = new Set<() => void>()
  let opened = false
  let closed = false

  function hold(row: VolumeRow): Volume {
    const config = parts.config.find(({ id }) => id === row.name)
    const isData = row.id === DATA_VOLUME
    const known = volumes.get(row.id)
    if (known) return known
    const volume: Volume = {
      id: row.id,
      name: row.name,
      identity: row.identity,
      root: isData ? parts.dataDir : row.root,
      rule: config?.rule,
      configured: isData || config !== undefined,
      draining: row.draining === 1,
      state: isData ? 'ready' : 'missing',
      space: { free: 0, total: 0, level: 'ok' },
      thread: undefined,
      waiting: 0,
    }
    volumes.set(row.id, volume)
    return volume
  }

  function threadOf(volume: Volume): Thread<VolumeFolder> {
    volume.thread ??= parts.startThread({ root: volume.root, hasIdentity: volume.id !== DATA_VOLUME })
    return volume.thread
  }

  /** Runs a call of the volume's thread for as long as it may take. Past that it is hung: nobody waits for it, its answer is heard. */
  async function within<T>(volume: Volume, ms: number, call: (thread: Thread<VolumeFolder>) => Promise<T>): Promise<T> {
    if (volume.state === 'hung' && volume.waiting > 0) {
      throw new IsocenterError('volume-unavailable', `${volume.name} does not answer`)
    }
    volume.waiting++
    // The thread answers one after the other.
    const answer = call(threadOf(volume)).finally(() => {
      volume.waiting--
    })
    const late = new AbortController()
    const limit = wait(ms, 'late' as const, { signal: late.signal, ref: false }).catch(() => 'late' as const)
    const first = await Promise.race([answer.then(value => ({ value })), limit]).finally(() => late.abort())
    if (first !== 'late') return first.value
    answer.then(
      () => void check(volume),
      () => void check(volume),
    )
    await become(volume, 'hung')
    throw new IsocenterError('volume-unavailable', `${volume.name} does not answer`)
  }

  async function become(volume: Volume, state: VolumeState, first = false): Promise<void> {
    const before = volume.state
    if (before === state && !first) return
    volume.state = state
    if (isRead(before) !== isRead(state)) await writer.call('setVolumeAvailable', volume.id, isRead(state))
    if (first && state === 'ready') return
    log.warn({ volume: volume.name, state }, 'the state of a volume has changed')
    parts.report({
      severity: state === 'ready' ? 'attention' : 'failure',
      sentence: STATE_SENTENCES[state](volume.name),
      detail: volume.root,
    })
    if (state === 'ready') for (const listener of readyListeners) listener()
  }

  async function check(volume: Volume, first = false): Promise<void> {
    if (volume.id === DATA_VOLUME || volume.waiting > 0 || closed) return
    try {
      const { identity, free, total } = await within(volume, times.hangMs, thread => thread.call('look'))
      if (identity === null) return await become(volume, 'missing', first)
      if (identity !== volume.identity) return await become(volume, 'foreign', first)
      const level = spaceLevel(free, watermarks(total, parts.watermarks), volume.space.level)
      if (level !== volume.space.level) reportLevel(volume, level)
      volume.space = { free, total, level }
      if (volume.state !== 'ready') {
        const works = await within(volume, times.hangMs, thread => thread.call('probe', volume.identity)).then(
          () => true,
          () => false,
        )
        if (works) await become(volume, 'ready', first)
        else if (volume.waiting === 0) await become(volume, 'readOnly', first)
      }
    } catch (error) {
      if (closed) return
      log.warn({ volume: volume.name, err: error }, 'a volume could not be looked at')
      if (volume.waiting === 0) await become(volume, 'missing', first).catch(() => {})
    }
  }

  function reportLevel(volume: Volume, level: SpaceLevel): void {
    const detail = volume.root
    if (level === 'warn') {
      parts.report({ severity: 'attention', sentence: `The disk "${volume.name}" is getting full.`, detail })
    } else if (level !== 'ok') {
      const sentence = `The disk "${volume.name}" is nearly full: new images are kept on the others.`
      parts.report({ severity: 'failure', sentence, detail })
    }
  }

  /** One that is there for the first time gets its identity and its row. */
  async function meet(name: string): Promise<void> {
    const entry = unseen.get(name)
    if (!entry || entry.busy) return
    const { config } = entry
    entry.busy = true
    const root = rootOf(config)
    const thread = parts.startThread({ root, hasIdentity: true })
    const rows = [...volumes.values()].map(volume => volume.identity)
    const { station } = parts.known
    const expected = parts.known.identityOf(name)
    const late = wait(times.hangMs, undefined, { ref: false }).then(() => {
      throw new IsocenterError('volume-unavailable', 'it does not answer')
    })
    try {
      const adopted = thread.call('adopt', station, rows, expected)
      const { identity, known: isOurs } = await Promise.race([adopted, late])
      if (closed) return
      await parts.known.remember(config.id, identity)
      const registered = await writer.call('registerVolume', { name: config.id, identity, root })
      unseen.delete(config.id)
      const row = registered.find(({ name }) => name === config.id)
      if (row) await check(hold(row), true)
      if (isOurs) await holdsUnknown(config.id, root)
    } catch (error) {
      if (entry.told || closed) return
      entry.told = true
      log.warn({ volume: config.id, err: error }, 'a volume of the configuration is not there')
      const isOther = error instanceof IsocenterError && error.detail?.startsWith('it belongs')
      parts.report({
        severity: 'failure',
        sentence: STATE_SENTENCES[isOther ? 'foreign' : 'missing'](config.id),
        detail: root,
      })
    } finally {
      // One that hangs ends when its call does; the next look waits for that.
      void thread.stop().then(() => {
        entry.busy = false
      })
    }
  }

  /** A disk of ours without a row: the index was lost since, and lacks what lies there. */
  async function holdsUnknown(name: string, detail: string): Promise<void> {
    hasUnknown = true
    await writer.call('beginRepair')
    if (!opened) return
    const sentence = `The disk "${name}" holds images that the list does not know yet. They are on it after the next start, or a repair.`
    parts.report({ severity: 'attention', sentence, detail })
  }

  let meeting = false
  /** One after the other: two may be the same folder. */
  async function meetUnseen(): Promise<void> {
    if (meeting) return
    meeting = true
    for (const name of [...unseen.keys()]) await meet(name)
    meeting = false
  }

  for (const row of await writer.call('volumes')) {
    const config = parts.config.find(({ id }) => id === row.name)
    const moved = config && rootOf(config) !== row.root
    if (moved) await writer.call('registerVolume', { ...row, root: rootOf(config) })
    if (row.id !== DATA_VOLUME) await writer.call('setVolumeAvailable', row.id, false)
    hold(moved ? { ...row, root: rootOf(config) } : row)
  }
  for (const config of parts.config) {
    if (![...volumes.values()].some(({ name }) => name === config.id))
      unseen.set(config.id, { config, told: false, busy: false })
  }
  // Before anything is read of them; a disk that hangs holds up its own part alone.
  await Promise.all([...[...volumes.values()].map(volume => check(volume, true)), meetUnseen()])
  opened = true
  const timer = setInterval(() => {
    for (const volume of volumes.values()) void check(volume)
    void meetUnseen()
  }, times.checkMs)
  timer.unref()

  function volumeOf(id: number): Volume {
    const volume = volumes.get(id)
    if (!volume) throw new IsocenterError('not-found', `volume ${id}`)
    return volume
  }

  async function use<T>(id: number, bytes: number, call: (thread: Thread<VolumeFolder>) => Promise<T>): Promise<T> {
    const volume = volumeOf(id)
    try {
      return await within(volume, times.hangMs + bytes / BYTES_PER_MS, call)
    } catch (error) {
      const full = error instanceof IsocenterError && error.code === 'disk-full'
      // It may be read still: the next look finds out what it can.
      if (!full && volume.id !== DATA_VOLUME && volume.state === 'ready') await become(volume, 'readOnly')
      throw error
    }
  }

  return {
    /** The volume an object goes to now; undefined: none but the one it is on. */
    choose(facts: PlacedFacts): number | undefined {
      const placeable = [...volumes.values()].map(volume => {
        const { free, level } = volume.id === DATA_VOLUME ? parts.dataSpace() : volume.space
        const hasRoom = level === 'ok' || level === 'warn'
        const usable = volume.configured && volume.state === 'ready' && !volume.draining && hasRoom
        return { id: volume.id, rule: volume.rule, usable, free }
      })
      return choosePlace(facts, placeable, today())
    },

    /** Durable on that volume when it resolves. Rejects with 'volume-unavailable' or 'disk-full'. */
    put(id: number, objects: PutObject[]): Promise<PutResult[]> {
      const bytes = objects.reduce((sum, { metaLength, length }) => sum + metaLength + length, 0)
      return use(id, bytes, thread => thread.call('put', objects, volumeOf(id).identity))
    },

    /** Files that nobody is sent to any more. Durable when it resolves, with those that could not be removed yet. */
    remove: (id: number, files: string[]): Promise<string[]> =>
      use(id, 0, thread => thread.call('remove', files, volumeOf(id).identity)),

    /** One that was found is not in the index, which lacks what lies there. */
    get hasUnknown(): boolean {
      return hasUnknown
    },

    /** One of the configuration or of the index cannot be read now. */
    get isSomeAway(): boolean {
      return unseen.size > 0 || [...volumes.values()].some(({ state }) => !isRead(state))
    },

    /** Those beside the data folder that can be read now; the root ends with its separator. */
    readable: (): Array<{ id: number; root: string }> =>
      [...volumes.values()].filter(({ id, state }) => id !== DATA_VOLUME && isRead(state)),

    /** The greatest content number that names a file on them; one that does not answer is left out. */
    async newest(): Promise<number> {
      const asked = [...volumes.values()].map(async volume => {
        if (volume.id === DATA_VOLUME || !isRead(volume.state)) return 0
        return use(volume.id, 0, thread => thread.call('newest', volume.identity)).catch(() => 0)
      })
      return Math.max(0, ...(await Promise.all(asked)))
    },

    /** As they are now, the data folder first, those that have never been there last. */
    list: () => [
      ...[...volumes.values()].map(({ id, name, root, rule, state, draining, space }) => ({
        id,
        name,
        path: root,
        rule,
        state,
        draining,
        space: id === DATA_VOLUME ? parts.dataSpace() : space,
      })),
      ...[...unseen.values()].map(({ config }) => ({
        id: -1,
        name: config.id,
        path: rootOf(config),
        rule: config.rule,
        state: 'missing' as const,
        draining: false,
        space: { free: 0, total: 0, level: 'ok' as const },
      })),
    ],

    /** A disk is back. */
    onReady(listener: () => void): void {
      readyListeners.add(listener)
    },

    setDraining(id: number, draining: boolean): void {
      volumeOf(id).draining = draining
    },

    async close(): Promise<void> {
      closed = true
      clearInterval(timer)
      // One that hangs in a system call ends when that call does; nobody waits for it.
      const stops = [...volumes.values()].map(volume => volume.thread?.stop())
      await Promise.race([Promise.all(stops), wait(1000, undefined, { ref: false })])
    },
  }
}

const isRead = (state: VolumeState) => state === 'ready' || state === 'readOnly'

const STATE_SENTENCES: Record<VolumeState, (name: string) => string> = {
  ready: name => `The disk "${name}" is back.`,
  readOnly: name => `The disk "${name}" cannot be written: new images are kept on the others, what it holds is read.`,
  missing: name => `The disk "${name}" is not there. What lies on it cannot be read until it is back.`,
  foreign: name => `Another disk lies where "${name}" should be. Nothing is written to it or read from it.`,
  hung: name => `The disk "${name}" does not answer. What lies on it cannot be read until it does.`,
}

function rootOf(config: VolumeConfig): string {
  return resolve(config.path) + sep
}

function today(): string {
  const now = new Date()
  return `${now.getFullYear()}${String(now.getMonth() + 1).padStart(2, '0')}${String(now.getDate()).padStart(2, '0')}`
}
