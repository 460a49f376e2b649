import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { createLog } from '../../electron/station/base/log.ts'
import { openStore, type Store } from '../../electron/station/store/index.ts'
import { startWork } from '../../electron/station/work/index.ts'
import { displaySets } from '../../shared/viewing/displaySets.ts'
import { silentAudit } from '../fakes/silentAudit.ts'
import { ctSlice, enhancedFourFrames as enhanced, send } from '../store/objects.ts'
import { temporaryFolder } from './withWork.ts'

const [STUDY, SERIES] = ['2.25.1000.1', '2.25.1000.1.1']

/** A store on the folder, with a workshop until nothing waits to be looked into. */
async function worked(dataDir: string, use: (store: Store) => Promise<void>): Promise<void> {
  const log = createLog('silent')
  const store = await openStore({ dataDir, log })
  const work = startWork({ audit: silentAudit, store, log, transcodedFolder: join(dataDir, 'transcoded') })
  try {
    while ((await store.read.pendingWork(1)).length > 0) await wait(20)
    await use(store)
    while ((await store.read.pendingWork(1)).length > 0) await wait(20)
  } finally {
    await work.close()
    await store.close()
  }
}

/** What a version before this one would have left: attributes it did not know are not there. */
function makeOlder(dataDir: string): void {
  const db = new Database(join(dataDir, 'index.sqlite'))
  db.exec(`UPDATE content SET attributes = '{}', perFrame = NULL, attributesVersion = 1`)
  db.close()
}

test('an enhanced object is told by what its frames share and what differs, and is split by it', async () => {
  const dataDir = await temporaryFolder()
  let seen = 0
  await worked(dataDir, async store => {
    await send(store, enhanced)
  })
  await worked(dataDir, async store => {
    const manifest = await store.read.getManifest(STUDY, SERIES)
    expect(manifest.common).toMatchObject({ PixelSpacing: [0.7, 0.7], SliceThickness: 2, WindowCenter: [40] })
    expect(manifest.instances[0]?.perFrame).toEqual(
      [0, 1, 2, 3].map(n => ({ ImagePositionPatient: [0, 0, 5 * (n >> 1)], EchoTime: n % 2 === 0 ? 10 : 90 })),
    )
    expect(displaySets(manifest).map(({ label, spacing, frames }) => [label, spacing, frames.length])).toEqual([
      ['TE 10 ms', 5, 2],
      ['TE 90 ms', 5, 2],
    ])
    seen++
  })
  expect(seen).toBe(1)
})

test('what an older version has read of headers is read again, pictures are kept, new objects go first', async () => {
  const dataDir = await temporaryFolder()
  let before: unknown
  let contentId = 0
  let picture: Uint8Array | null = null
  await worked(dataDir, async store => {
    contentId = (await send(store, enhanced)).contentId
    await send(store, ctSlice(2, { EchoNumbers: 2 }))
  })
  await worked(dataDir, async store => {
    before = { ...(await store.read.getManifest(STUDY, SERIES)), seq: 0 }
    picture = await store.read.getThumbnail(contentId)
  })
  expect(picture).not.toBeNull()
  makeOlder(dataDir)
  const idle = await openStore({ dataDir, log: createLog('silent') })
  try {
    const fresh = await send(idle, ctSlice(1, {}, { study: 2 }))
    const waiting = await idle.read.pendingWork(10)
    expect(waiting[0]).toEqual({ contentId: fresh.contentId, again: false })
    expect(waiting.slice(1).map(({ again }) => again)).toEqual([true, true])
  } finally {
    await idle.close()
  }
  await worked(dataDir, async store => {
    expect({ ...(await store.read.getManifest(STUDY, SERIES)), seq: 0 }).toEqual(before)
    expect(await store.read.getThumbnail(contentId)).toEqual(picture)
  })
})

test('a file that cannot be read again costs nothing that was known', async () => {
  const dataDir = await temporaryFolder()
  await worked(dataDir, async store => {
    await send(store, ctSlice(1))
    await store.settleAll()
  })
  makeOlder(dataDir)
  const files = join(dataDir, 'files')
  await rm(files, { recursive: true })
  onTestFinished(() => rm(files, { recursive: true, force: true }))
  await worked(dataDir, async store => {
    const { instances } = await store.read.getManifest(STUDY, SERIES)
    expect(instances.map(({ unshowable }) => unshowable)).toEqual([undefined])
    expect((await store.read.getStudy(STUDY)).series[0]?.hasImages).toBe(true)
  })
})
