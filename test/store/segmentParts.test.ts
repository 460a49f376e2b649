import { expect, test } from 'vitest'
import { ctSlice, newStore, send } from './objects.ts'

const UID = '2.25.1000.1'

test('unsaved segments are kept part by part and reader by reader, over a restart', async () => {
  const { store, dataDir } = await newStore()
  await send(store, ctSlice(1))
  const empty = { rev: 0, parts: [], more: false }
  expect(await store.read.getSegments(UID, 'anna', '')).toEqual(empty)
  const one = { part: 'a/head', data: '{}' }
  const two = { part: 'a/1#1', data: 'xyz' }
  expect(await store.putSegments(UID, 'anna', [one, two], 0)).toEqual({ rev: 1 })
  expect(await store.putSegments(UID, 'anna', [{ ...one, data: '[]' }], 1)).toEqual({ rev: 2 })
  // A change made on an older one writes nothing of it.
  const late = store.putSegments(UID, 'anna', [{ ...two, data: 'late' }], 1)
  await expect(late).rejects.toMatchObject({ code: 'draft-conflict' })
  await expect(store.putSegments('1.9', 'anna', [one], 0)).rejects.toMatchObject({ code: 'not-found' })
  await store.close()
  const { store: again } = await newStore({ dataDir })
  expect(await again.read.getSegments(UID, 'anna', '')).toEqual({
    rev: 2,
    parts: [two, { ...one, data: '[]' }],
    more: false,
  })
  expect(await again.read.getSegments(UID, 'anna', 'a/1#1')).toMatchObject({ parts: [{ part: 'a/head' }] })
  expect(await again.read.getSegments(UID, 'ben', '')).toEqual(empty)
  expect(
    await again.putSegments(
      UID,
      'anna',
      [
        { part: 'a/1#1', data: null },
        { part: 'a/head', data: null },
      ],
      2,
    ),
  ).toEqual({ rev: 0 })
})

test('more than 64 MiB of one study are refused, and what was there stays', async () => {
  const { store } = await newStore()
  await send(store, ctSlice(1))
  const data = 'x'.repeat(16 * 2 ** 20)
  const four = [0, 1, 2, 3].map(part => ({ part: `a/${part}`, data }))
  await store.putSegments(UID, 'anna', four, 0)
  await expect(store.putSegments(UID, 'anna', [{ part: 'a/4', data }], 1)).rejects.toMatchObject({
    code: 'segments-full',
  })
  const first = await store.read.getSegments(UID, 'anna', '')
  expect(first).toMatchObject({ rev: 1, more: true })
  let parts = first.parts.length
  for (let { more, parts: page } = first; more; parts += page.length) {
    ;({ more, parts: page } = await store.read.getSegments(UID, 'anna', page.at(-1)!.part))
  }
  expect(parts).toBe(4)
})
