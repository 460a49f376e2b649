import { expect, test } from 'vitest'
import { blast } from '../bench/blaster.ts'
import { gauges } from '../bench/stationGauges.ts'
import { startStation } from '../fixtures/station.ts'

test('fifty associations that push 3.9 MB each at once: all is stored, and what waits for the disk stays within its bound', async () => {
  const station = await startStation()
  try {
    const order = { kind: 'large', associations: 50, count: 100, run: 0 } as const
    const { instances } = await blast({ ...order, port: station.dimsePort, calledAET: station.aet })
    const { receive_memory_bytes, receive_memory_peak_bytes, instances: stored } = await gauges(station)
    expect([instances, stored]).toEqual([100, 100])
    expect(receive_memory_bytes).toBe(0)
    // 36 MiB, and a block of 128 KiB for each; less than one each, and they would not have come at once.
    expect(receive_memory_peak_bytes).toBeLessThanOrEqual((36 << 20) + 50 * (128 << 10))
    expect(receive_memory_peak_bytes).toBeGreaterThan(50 * (128 << 10))
  } finally {
    await station.stop()
  }
}, 120_000)
