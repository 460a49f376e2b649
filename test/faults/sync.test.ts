import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { syncCampaign } from './syncCampaign.ts'

test.each([
  { way: 'dicomweb', studies: 10, cuts: 9 },
  { way: 'dimse', studies: 5, cuts: 6 },
] as const)(
  'by $way, through every kind of bad line and with both sides killed, station and archive hold the same in the end',
  async ({ way, studies, cuts }) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'isocenter-sync-'))
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
    const seed = Date.now() % 1_000_000
    const wishes = { way, studies, imagesPerStudy: 6, cuts, kills: 1, loseLater: false, log: () => {} }
    expect({ seed, ...(await syncCampaign(dataDir, { seed, ...wishes })) }).toMatchObject({
      seed,
      images: studies * 6,
      cuts,
      stationKills: 1,
      archiveKills: 1,
      missing: [],
      different: [],
      doubled: [],
      confirmedOtherwise: [],
      unconfirmed: 0,
      dead: 0,
    })
  },
  900_000,
)
