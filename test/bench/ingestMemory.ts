import { blast } from './blaster.ts'
import { machine } from './figures.ts'
import { RECEIVERS } from './receivers.ts'

/** `ingest --memory`: what the station holds resident at most, from its start to the last answer. */
export async function measureMemory(smoke: boolean): Promise<void> {
  console.log(`ingest --memory, ${machine()}`)
  const loads = [
    { what: '512×512 CT', kind: 'ct', associations: 50, count: smoke ? 50 : 1000 },
    { what: 'objects of 3.9 MB', kind: 'large', associations: 50, count: smoke ? 50 : 200 },
    ...(smoke ? [] : [{ what: 'object of 2 GB', kind: 'huge', associations: 1, count: 1 } as const]),
  ] as const
  for (const { what, ...order } of loads) {
    const receiver = await RECEIVERS.Isocenter()
    try {
      const idle = (await receiver.usage()).peakRssMB
      const blasted = await blast({ ...order, port: receiver.port, calledAET: receiver.aet, run: 0 })
      const stored = await receiver.stored()
      if (stored !== blasted.instances) throw new Error(`${blasted.instances} answered, ${stored} stored`)
      const { peakRssMB } = await receiver.usage()
      const megabytes = blasted.bytes / 1000 / (blasted.ended - blasted.began)
      console.log(
        `  ${order.count} ${what} over ${order.associations}: peak ${peakRssMB.toFixed(0)} MB resident (${idle.toFixed(0)} MB after start), ${megabytes.toFixed(0)} MB/s`,
      )
    } finally {
      await receiver.close()
    }
  }
}
