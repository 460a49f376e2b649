import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Disk, replaceFile } from '../../base/durable.ts'
import type { Log } from '../../base/log.ts'
import type { Thread } from '../../base/thread.ts'
import type { WriterApi } from '../writer.ts'

const STATION_FILE = 'isocenter-station.json'

/** Whose the volumes are and which of them there are, by name; the index has it, too. */
export interface KnownVolumes {
  station: string
  identityOf(name: string): string | undefined
  /** From now on; before anything is written to it. */
  remember(name: string, identity: string): Promise<void>
}

/**
 * Beside the index: one that is made again would take its own disks for another station's, and the empty mount point of one that is
 * away for a new disk.
 */
export async function openStationFile(
  dataDir: string,
  disk: Disk,
  writer: Thread<WriterApi>,
  log: Log,
): Promise<KnownVolumes> {
  const path = join(dataDir, STATION_FILE)
  const known = await writer.call('stationIdentity')
  const kept = readKept(await readFile(path, 'utf8').catch(() => ''))
  const station = kept?.station ?? known
  const volumes = new Map(Object.entries(kept?.volumes ?? {}))
  if (station !== known) await writer.call('setStationIdentity', station)

  async function write(): Promise<void> {
    const text = `${JSON.stringify({ station, volumes: Object.fromEntries(volumes) }, null, 2)}\n`
    await replaceFile(disk, path, text).catch(error => {
      log.warn({ err: error }, 'what the volumes are known by could not be kept beside the index')
    })
  }

  const rows = await writer.call('volumes')
  const news = rows.filter(({ name, identity }) => identity !== '' && volumes.get(name) !== identity)
  for (const { name, identity } of news) volumes.set(name, identity)
  if (!kept || news.length > 0) await write()

  return {
    station,
    identityOf: name => volumes.get(name),
    async remember(name, identity) {
      if (volumes.get(name) === identity) return
      volumes.set(name, identity)
      await write()
    },
  }
}

/** Undefined when it is not whole. */
function readKept(text: string): { station: string; volumes: Record<string, string> } | undefined {
  try {
    const { station, volumes } = JSON.parse(text) as { station?: unknown; volumes?: unknown }
    if (typeof station !== 'string' || !/^[0-9a-f]{32}$/.test(station)) return undefined
    const entries = Object.entries(volumes ?? {}).filter(([, identity]) => typeof identity === 'string')
    return { station, volumes: Object.fromEntries(entries) }
  } catch {
    return undefined
  }
}
