import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { killCampaign } from './killCampaign.ts'

test('killed eight times under load: all that was answered is there unchanged, once, and it comes back by itself', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'isocenter-kill-'))
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
  const seed = Date.now() % 1_000_000
  const report = await killCampaign(dataDir, { seed, kills: 8, log: () => {} })
  expect({ seed, ...report }).toMatchObject({
    seed,
    kills: 8,
    refused: 0,
    missing: [],
    different: [],
    doubled: [],
    broken: { missing: [], different: [], doubled: [], undone: [], unsound: [] },
  })
  expect(report.acknowledged).toBeGreaterThan(50)
  expect(report.recoveries.length).toBeGreaterThan(1)
}, 900_000)
