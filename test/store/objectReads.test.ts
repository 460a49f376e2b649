import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ObjectReads } from '../../electron/station/store/objectReads.ts'

const shared = (bytes: number) => new Uint8Array(new SharedArrayBuffer(bytes))

test('a read of a disk that never answers fails; those behind it and after it are read', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'isocenter-reads-'))
  const reads = new ObjectReads(1000)
  // Opening it waits until somebody writes, as a disk that hangs does.
  const hanging = path.join(dir, 'hanging')
  execFileSync('mkfifo', [hanging])
  const whole = path.join(dir, 'whole')
  await writeFile(whole, 'before an object')
  onTestFinished(async () => {
    reads.close()
    // The thread that was left to it ends.
    await writeFile(hanging, '')
    await rm(dir, { recursive: true })
  })
  const targets = [shared(3), shared(6)]
  await reads.read(whole, targets, 7)
  expect(targets.map(target => Buffer.from(target).toString())).toEqual(['an ', 'object'])
  const behind = [shared(6), shared(2)]
  const before = reads.read(whole, [shared(3)], 0)
  const waiting = [reads.read(hanging, [shared(4)], 0), reads.read(whole, behind, 0), reads.read(whole, targets, 7)]
  const [hung, ...others] = await Promise.allSettled([...waiting, before])
  expect(hung).toMatchObject({ status: 'rejected', reason: { code: 'volume-unavailable' } })
  expect(others.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
  expect(behind.map(target => Buffer.from(target).toString())).toEqual(['before', ' a'])
  await reads.read(whole, targets, 7)
  await expect(reads.read(whole, [shared(99)], 0)).rejects.toMatchObject({ code: 'malformed' })
  await expect(reads.read(path.join(dir, 'gone'), targets, 0)).rejects.toMatchObject({ code: 'not-found' })
})
