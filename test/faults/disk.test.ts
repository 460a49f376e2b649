import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { TS } from '../../shared/dicom/uids.ts'
import { CT_IMAGE, ctObject } from '../dimse/harness.ts'
import { associateRequest, RawPeer, type SendObject, type SendResult, sendBytes } from '../fakes/byteSender.ts'
import { contentsIn, inspect, metric, nothingLost, ownStation, report } from './inspect.ts'
import { makeWeather } from './weather.ts'

const REQUEST = associateRequest([{ abstractSyntax: CT_IMAGE, transferSyntaxes: [TS.ExplicitVRLittleEndian] }])

const answeredZero = (objects: SendObject[], results: SendResult[]) =>
  objects.filter((_, index) => results[index]?.status === 0)

test('no room for the index alone: 0xA700, reading goes on, no half row, and on with room', async () => {
  const weather = makeWeather()
  const station = await ownStation({ env: weather.env })
  const to = { port: station.dimsePort, associations: 4 }
  const before = Array.from({ length: 20 }, (_, n) => ctObject(n))
  const refused = Array.from({ length: 20 }, (_, n) => ctObject(100 + n))
  const acknowledged = answeredZero(before, await sendBytes(before, to))
  weather.set('walFull', 1)
  const results = await sendBytes(refused, to)
  expect(new Set(results.map(({ status }) => status))).toEqual(new Set([0xa700]))
  expect(weather.get('writesRefused')).toBeGreaterThan(0)
  const meanwhile = await inspect(station, acknowledged)
  expect(meanwhile).toMatchObject({ ...nothingLost, acknowledged: 20 })
  expect(contentsIn(station.dataDir)).toHaveLength(20)
  const db = new Database(join(station.dataDir, 'index.sqlite'), { readonly: true })
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
  db.close()
  weather.set('walFull', 0)
  acknowledged.push(...answeredZero(refused, await sendBytes(refused, to)))
  const found = await inspect(station, acknowledged)
  report('4', `${weather.get('writesRefused')} writes of the index refused, 20 objects answered 0xA700`, found)
  expect(found).toMatchObject({ ...nothingLost, acknowledged: 40 })
})

test('every sync takes 2 s: senders wait and are answered, the station answers everybody else meanwhile', async () => {
  const weather = makeWeather()
  const station = await ownStation({ env: weather.env })
  const objects = Array.from({ length: 20 }, (_, n) => ctObject(n))
  weather.set('syncDelayMs', 2000)
  let done = false
  let answersMeanwhile = 0
  const sending = sendBytes(objects, { port: station.dimsePort, associations: 10 }).finally(() => {
    done = true
  })
  while (!done) {
    const health = await fetch(`${station.origin}/healthz`)
    if (health.ok && !done) answersMeanwhile++
    await wait(50)
  }
  const results = await sending
  weather.set('syncDelayMs', 0)
  // The loop stands still for none of the syncs: many answers for each of them.
  expect(answersMeanwhile).toBeGreaterThan(2 * weather.get('syncsHeld'))
  const found = await inspect(station, answeredZero(objects, results))
  report('41', `${weather.get('syncsHeld')} syncs held for 2 s, ${answersMeanwhile} other answers meanwhile`, found)
  expect(found).toMatchObject({ ...nothingLost, acknowledged: 20 })
})

test('two associations, one UID, other bytes, in one commit group: both are kept and told of', async () => {
  const weather = makeWeather()
  const station = await ownStation({ env: weather.env })
  const peers = await Promise.all(
    [1, 2, 3, 4].map(async () => {
      const peer = new RawPeer(station.dimsePort)
      expect((await peer.associate(REQUEST))?.type).toBe(2)
      return peer
    }),
  )
  const pixels = (value: number) => ({ PixelData: new Uint16Array(64 * 64).fill(value) })
  const [first, ...same] = [
    ctObject(1),
    ctObject(2),
    ctObject(2, pixels(7)),
    ctObject(2, { PatientName: 'Other^Name' }),
  ]
  // While the first is synced the others wait, and go together.
  weather.set('syncDelayMs', 700)
  const answers = [peers[0]!.store(1, 1, first!)]
  await expect.poll(() => weather.get('syncsHeld')).toBeGreaterThan(0)
  answers.push(...same.map((object, index) => peers[index + 1]!.store(1, 1, object)))
  const results = await Promise.all(answers)
  weather.set('syncDelayMs', 0)
  expect(results.map(({ status }) => status)).toEqual([0, 0, 0, 0])
  const found = await inspect(station, [first!, ...same])
  report('12, 40', 'three data sets under one UID over three associations in one group', found)
  expect(found).toMatchObject(nothingLost)
  // One transaction ends with the rows of the studies it touched: none stands between the three.
  const db = new Database(join(station.dataDir, 'index.sqlite'), { readonly: true })
  const kinds = db.prepare<[], string>('SELECT kind FROM change ORDER BY seq').pluck().all()
  db.close()
  expect(kinds.join(' ')).toContain('instance instance instance study')
  const { problems } = await station.call('problems.list', {})
  expect(problems.map(({ sentence }) => sentence).join()).toMatch(/Different images|another header/)
  const told = await Promise.all(
    ['revision', 'conflict'].map(outcome => metric(station, `received_total{outcome="${outcome}"}`)),
  )
  expect(told[0]! + told[1]!).toBe(2)
  for (const peer of peers) peer.socket.destroy()
})

test('the clock is a day ahead, then two days back: order, timers and settling do not mind', async () => {
  const weather = makeWeather()
  const station = await ownStation({
    env: weather.env,
    config: { settleAfterSeconds: 1, profiles: { default: { idleSeconds: 3600 } } },
  })
  const objects = Array.from({ length: 12 }, (_, n) => ctObject(n))
  const open = new RawPeer(station.dimsePort)
  expect((await open.associate(REQUEST))?.type).toBe(2)
  const positions: number[] = []
  const push = async (part: SendObject[], messageID: number) => {
    for (const [n, object] of part.entries()) expect((await open.store(1, messageID + n, object)).status).toBe(0)
    positions.push(await metric(station, 'store_seq'))
  }
  weather.set('clockSeconds', 86_400)
  await push(objects.slice(0, 4), 1)
  weather.set('clockSeconds', -86_400)
  await push(objects.slice(4, 8), 5)
  weather.set('clockSeconds', 0)
  await push(objects.slice(8), 9)
  // The association went on through it all: an hour of silence was never reached.
  await open.release()
  expect(positions).toEqual([...positions].sort((a, b) => a - b))
  expect(new Set(positions).size).toBe(3)
  // What was received tomorrow settles today.
  await expect.poll(() => metric(station, 'unhashed')).toBe(0)
  const again = await sendBytes(objects, { port: station.dimsePort })
  expect(again.every(({ status }) => status === 0)).toBe(true)
  const found = await inspect(station, objects)
  report('29', 'the clock moved +1 day, −2 days, +1 day under one association', found)
  expect(found).toMatchObject({ ...nothingLost, acknowledged: 12 })
})
