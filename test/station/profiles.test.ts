import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { dcmtk } from '../dimse/harness.ts'
import { readPcap } from '../fakes/pcap.ts'
import { startStation } from '../fixtures/station.ts'

async function echoscu(port: number, calledAET: string): Promise<number> {
  const { code } = await dcmtk('echoscu', '-aet', 'OLDCT', '-aec', calledAET, '127.0.0.1', `${port}`)
  return code
}

test('a profile and a recording, set over the counter, hold at once and after a restart', async () => {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'isocenter-profiles-'))
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }))
  const first = await startStation({ dataDir })
  onTestFinished(async () => void (await first.stop()))
  expect(await echoscu(first.dimsePort, 'PACS')).not.toBe(0)
  const { id } = await first.call('capture.start', { AET: 'OLDCT' })
  const profiles = { default: {}, byAET: { OLDCT: { calledAET: 'any' as const, idleSeconds: 1800 } } }
  await first.call('profiles.set', profiles)
  expect(await echoscu(first.dimsePort, 'PACS')).toBe(0)
  // The recording still runs: what is there is served.
  const running = await first.get(`/api/captures/${id}`)
  expect(running.headers.get('content-type')).toBe('application/vnd.tcpdump.pcap')
  expect(running.headers.get('cache-control')).toBe('no-store')
  await running.arrayBuffer()
  await expect(first.call('profiles.set', { default: {}, byAET: { 'back\\slash': {} } })).rejects.toThrow('400')
  await first.stop()

  const second = await startStation({ dataDir })
  onTestFinished(async () => void (await second.stop()))
  expect(await second.call('profiles.get', {})).toEqual(profiles)
  expect(await echoscu(second.dimsePort, 'PACS')).toBe(0)
  const { captures } = await second.call('captures.list', {})
  expect(captures).toMatchObject([{ id, AET: 'OLDCT' }])
  const download = await second.get(`/api/captures/${id}`)
  expect(download.headers.get('content-disposition')).toBe(`attachment; filename="${id}.pcap"`)
  const conversations = readPcap(Buffer.from(await download.arrayBuffer()))
  // One association: request, C-ECHO, release; and our answers.
  expect(conversations.map(({ client, server }) => [client[0], server[0]])).toEqual([[1, 2]])
  await second.call('capture.remove', { id })
  expect((await second.get(`/api/captures/${id}`)).status).toBe(404)
  expect((await second.get('/api/captures/..%2Fapi-key')).status).toBe(404)
})
