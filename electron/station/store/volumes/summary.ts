import type { VolumeRule } from '../../../../shared/config.ts'
import type { CallOut } from '../../../../shared/contract.ts'
import type { VolumeUse } from '../index.ts'
import type { DrainProgress } from './drain.ts'
import { DATA_VOLUME } from './placement.ts'
import type { Volumes } from './volumes.ts'

/** Rows and disks as one list. What has landed lies on the data folder's disk, and counts there. */
export function summarize(
  use: readonly VolumeUse[],
  volumes: ReturnType<Volumes['list']>,
  progress: (id: number) => DrainProgress | null,
): CallOut<'volumes.list'> {
  const none = { objects: 0, bytes: 0, onlyHere: 0 }
  const of = (id: number) => use.find(one => one.id === id) ?? none
  const landing = of(0)
  return {
    volumes: volumes.map(({ id, name, path, rule, state, draining, space: { free, total, level } }) => {
      const own = of(id)
      const more = id === DATA_VOLUME ? landing : none
      return {
        name,
        path,
        state,
        level,
        free,
        total,
        images: own.objects + more.objects,
        bytes: own.bytes + more.bytes,
        onlyHere: own.onlyHere + more.onlyHere,
        takes: draining ? 'nothing: it is being emptied' : takes(rule),
        draining: draining ? (progress(id) ?? { moved: 0, failed: 0 }) : null,
      }
    }),
    landing: { images: landing.objects, bytes: landing.bytes },
    onlyHere: use.reduce((sum, { onlyHere }) => sum + onlyHere, 0),
  }
}

function takes(rule: VolumeRule | undefined): string {
  if (!rule) return 'what no rule sends elsewhere, when it has most room'
  const { modalities, studyOlderThanDays, largerThanBytes } = rule
  const conditions = [
    modalities?.join(', '),
    studyOlderThanDays !== undefined && `studies older than ${studyOlderThanDays} days`,
    largerThanBytes !== undefined && `images over ${largerThanBytes} bytes`,
  ]
  return conditions.filter(Boolean).join('; ') || 'everything'
}
