import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openConfigFile } from '../../electron/station/base/configFile.ts'

function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'isocenter-config-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}
const read = (dir: string) => JSON.parse(readFileSync(path.join(dir, 'config.json'), 'utf8'))

test('changes made at once are all kept, and so is what was there', async () => {
  const dir = folder()
  writeFileSync(path.join(dir, 'config.json'), '{ "aet": "MINE", "ofAnotherVersion": 1 }')
  const file = openConfigFile(dir)
  await Promise.all(Array.from({ length: 10 }, (_, i) => file.change({ [`k${i}`]: i })))
  expect(read(dir)).toMatchObject({ aet: 'MINE', ofAnotherVersion: 1, k0: 0, k9: 9 })
})

test('a file that is not there is made; one that a person broke is not overwritten, and can be mended', async () => {
  const dir = folder()
  const file = openConfigFile(dir)
  await file.change({ a: 1 })
  expect(read(dir)).toEqual({ a: 1 })
  writeFileSync(path.join(dir, 'config.json'), '{ "aet": ')
  await expect(file.change({ a: 2 })).rejects.toThrow()
  expect(readFileSync(path.join(dir, 'config.json'), 'utf8')).toBe('{ "aet": ')
  writeFileSync(path.join(dir, 'config.json'), '{}')
  await file.change({ a: 3 })
  expect(read(dir)).toEqual({ a: 3 })
})
