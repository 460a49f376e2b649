import { expect, test } from 'vitest'
import { ctSlice, newStore, send } from './objects.ts'

const UID = '2.25.1000.1'

test('what was seen is added up for each user, survives a restart, and goes with the study', async () => {
  const { store, dataDir } = await newStore()
  await send(store, ctSlice(1))
  const { series } = await store.read.getStudy(UID)
  const of = series[0]!.SeriesInstanceUID
  expect(await store.read.getSeen(UID, 'anna')).toEqual({})
  await store.addSeen(UID, 'anna', { [of]: '1.2.:1-3:1', '1.9.9': '1.2.:1:1' })
  await store.addSeen(UID, 'anna', { [of]: '1.2.:3-5:1' })
  // Another window says what it knows, which is less.
  await store.addSeen(UID, 'anna', { [of]: '1.2.:1:1' })
  await store.addSeen(UID, 'ben', { [of]: '1.2.:9:1' })
  // A series that is not of the study is nothing anybody saw.
  expect(await store.read.getSeen(UID, 'anna')).toEqual({ [of]: '1.2.:1-5:1' })
  expect(await store.read.getSeen(UID, 'ben')).toEqual({ [of]: '1.2.:9:1' })
  await expect(store.addSeen('1.9', 'anna', { [of]: '1.2.:1:1' })).rejects.toMatchObject({ code: 'not-found' })
  await store.close()

  const { store: again } = await newStore({ dataDir })
  expect(await again.read.getSeen(UID, 'anna')).toEqual({ [of]: '1.2.:1-5:1' })
  const { ids } = await again.remove([{ StudyInstanceUID: UID }], 'a test', 'anna')
  await again.purge(ids[0]!, 'anna')
  await expect.poll(() => again.read.getSeen(UID, 'anna')).toEqual({})
})
