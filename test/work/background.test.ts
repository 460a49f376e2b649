import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { createLog } from '../../electron/station/base/log.ts'
import { startThread } from '../../electron/station/base/thread.ts'
import { openStore, type Store } from '../../electron/station/store/index.ts'
import { startBackground } from '../../electron/station/work/background.ts'
import type { WorkApi } from '../../electron/station/work/workThread.ts'
import { dataSetBytes, smallCT } from '../fixtures/oddFiles.ts'
import { temporaryFolder } from './withWork.ts'

test('what is purged between the look into the queue and its own turn keeps nobody behind it waiting', async () => {
  const log = createLog('silent')
  const store = await openStore({ dataDir: await temporaryFolder(), log })
  const origin = { door: 'import', sourceAET: '', sendingAET: '', receivingAET: '', address: '' } as const
  for (const number of [1, 2, 3]) {
    const start = { origin, SOPClassUID: '', SOPInstanceUID: '', TransferSyntaxUID: '1.2.840.10008.1.2.1' }
    const receive = store.beginReceive(start)
    const place = { StudyInstanceUID: `2.25.1003.${number}`, SeriesInstanceUID: `2.25.1003.${number}.1` }
    await receive.write(dataSetBytes(smallCT({ SOPInstanceUID: `2.25.1003.${number}.1.1`, ...place })))
    await receive.commit()
  }
  let asked = 0
  const slow: Store = {
    ...store,
    read: {
      ...store.read,
      async pendingWork(limit) {
        const page = await store.read.pendingWork(limit)
        if (asked++ > 0) return page
        const gone = [{ StudyInstanceUID: '2.25.1003.1' }, { StudyInstanceUID: '2.25.1003.2' }]
        const { ids } = await store.remove(gone, 'not ours', 'anna')
        // One is in the bin, of the other nothing is left.
        await store.purge(ids[0] ?? '', 'anna')
        while ((await store.read.listRemovals(2)).every(({ state }) => state !== 'purged')) await wait(10)
        expect(page).toHaveLength(3)
        return page
      },
    },
  }
  const thread = new URL('../../electron/station/work/workThread.ts', import.meta.url)
  const background = startBackground({ store: slow, log, startThread: () => startThread<WorkApi>(thread) })
  onTestFinished(async () => {
    await background.close()
    await store.close()
  })
  await expect.poll(() => store.read.pendingWork(10)).toEqual([])
  const { instances } = await store.read.getManifest('2.25.1003.3', '2.25.1003.3.1')
  expect(await store.read.getThumbnail(instances[0]?.contentId ?? 0)).not.toBeNull()
  // Taken back, it is looked into, too.
  const binned = (await store.read.listRemovals(2)).find(({ state }) => state === 'binned')
  await store.restore(binned?.id ?? '', 'anna')
  await expect.poll(() => store.read.pendingWork(10)).toEqual([])
})
