import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')

test('the conformance statement is what the station does now: `node test/conformance/statement.mjs` writes it', () => {
  const said = execFileSync(process.execPath, ['test/conformance/statement.mjs', '--check'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  expect(said).toBe('It is up to date.\n')
  // What it is made of was found.
  const statement = readFileSync(join(ROOT, 'resources/conformance.md'), 'utf8')
  for (const part of ['Information Model - FIND', 'AccessionNumber', 'StoreInstances', '0xA700', 'CT Image Storage']) {
    expect(statement).toContain(part)
  }
})
