import { z } from 'zod'
import type { Machine } from '../../shared/viewing/selftest/verdict.ts'
import { call } from '../client.ts'
import { graphicsHere } from '../viewer/index.ts'

const HINTS = ['fullVersionList', 'platform', 'platformVersion', 'architecture']
const hinted = z.object({
  fullVersionList: z.array(z.object({ brand: z.string(), version: z.string() })),
  platform: z.string(),
  platformVersion: z.string(),
  architecture: z.string(),
})

type HintingNavigator = Navigator & {
  userAgentData?: { getHighEntropyValues(hints: string[]): Promise<unknown> }
}

/** Brand and full version where the browser tells them; its user agent, which has the major one alone, elsewhere. */
async function browserHere(): Promise<string> {
  const data = (navigator as HintingNavigator).userAgentData
  const told = hinted.safeParse(await data?.getHighEntropyValues(HINTS).catch(() => undefined))
  if (!told.success) return navigator.userAgent.slice(0, 300)
  const { fullVersionList, platform, platformVersion, architecture } = told.data
  // Browsers name one brand that does not exist.
  const brands = fullVersionList.filter(({ brand }) => !/not.?a.?brand/i.test(brand.replace(/[^a-z]/gi, ' ')))
  const names = brands.map(({ brand, version }) => `${brand} ${version}`).sort()
  return `${names.join(', ')} on ${[platform, platformVersion, architecture].filter(Boolean).join(' ')}`.slice(0, 300)
}

/** What a result holds for. Rejects like `call`. */
export async function machineHere(): Promise<Machine> {
  const [{ version }, browser] = await Promise.all([call('station.status', {}), browserHere()])
  return { version, browser, ...graphicsHere() }
}
