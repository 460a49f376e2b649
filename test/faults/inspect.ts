import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { onTestFinished } from 'vitest'
import { readFileMeta } from '../../shared/dicom/part10.ts'
import type { SendObject } from '../fakes/byteSender.ts'
import { type RunningStation, startStation } from '../fixtures/station.ts'

export interface Found {
  acknowledged: number
  missing: number
  different: number
  doubled: number
}

/** The built station, stopped and removed with the test. */
export async function ownStation(options: Parameters<typeof startStation>[0] = {}): Promise<RunningStation> {
  const station = await startStation(options)
  onTestFinished(async () => {
    await station.stop()
  })
  return station
}

/** What the matrix asks of every row. */
export const nothingLost = { missing: 0, different: 0, doubled: 0 }

interface Row {
  uid: string
  study: string
  series: string
  shown: number
  id: number
  file: string
  offset: number
  metaLength: number
  length: number
}

/** The index's rows of every content that is there. */
export function contentsIn(dataDir: string): Row[] {
  const db = new Database(join(dataDir, 'index.sqlite'), { readonly: true })
  try {
    return db
      .prepare<[], Row>(
        `SELECT SOPInstanceUID AS uid, StudyInstanceUID AS study, SeriesInstanceUID AS series, shown = content.id AS shown,
           content.id, file, offset, metaLength, content.length FROM content JOIN copy ON copy.content = content.id
         JOIN instance ON instance.id = content.instance JOIN series ON series.id = instance.series
         JOIN study ON study.id = series.study`,
      )
      .all()
  } finally {
    db.close()
  }
}

/**
 * What became of acknowledged objects: every content is read from the disk, what is shown also retrieved over the counter, and
 * compared byte for byte with what was sent. Two objects under one UID are two contents of one instance.
 */
export async function inspect(station: RunningStation, acknowledged: SendObject[]): Promise<Found> {
  const rows = contentsIn(station.dataDir)
  const found = { acknowledged: acknowledged.length, missing: 0, different: 0, doubled: 0 }
  const wanted = new Map<string, Buffer[]>()
  for (const { SOPInstanceUID, dataSet } of acknowledged) {
    const versions = wanted.get(SOPInstanceUID) ?? []
    if (!versions.some(bytes => bytes.equals(dataSet))) wanted.set(SOPInstanceUID, [...versions, Buffer.from(dataSet)])
  }
  for (const [uid, versions] of wanted) {
    const mine = rows.filter(row => row.uid === uid)
    const stored = mine.map(({ file, offset, metaLength, length }) =>
      readFileSync(join(station.dataDir, file)).subarray(offset + metaLength, offset + metaLength + length),
    )
    found.missing += versions.filter(bytes => !stored.some(one => one.equals(bytes))).length
    found.different += stored.filter(one => !versions.some(bytes => bytes.equals(one))).length
    found.doubled += Math.max(0, stored.length - versions.length)
    const shown = mine.filter(row => row.shown === 1)
    if (shown.length !== 1) found.doubled += 1
    for (const { study, series } of shown) {
      const response = await station.get(`/dicom-web/studies/${study}/series/${series}/instances/${uid}`, {
        accept: 'application/dicom; transfer-syntax=*',
      })
      const bytes = Buffer.from(await response.arrayBuffer())
      const dataSet = bytes.subarray(readFileMeta(bytes)?.dataSetOffset ?? bytes.length)
      if (!response.ok || !versions.some(one => one.equals(dataSet))) found.different += 1
    }
  }
  return found
}

/** One figure of `/metrics`. */
export async function metric(station: RunningStation, name: string): Promise<number> {
  const text = await (await station.get('/metrics')).text()
  const line = text.split('\n').find(each => each.startsWith(`isocenter_${name} `))
  return Number(line?.split(' ').at(-1))
}

/** The line of a row of MATRIX.md. */
export function report(row: string, injected: string, found: Found): void {
  const { acknowledged, missing, different, doubled } = found
  console.log(
    `row ${row}: ${injected}; ${acknowledged} acknowledged, ${missing} missing, ${different} different, ${doubled} doubled`,
  )
}
