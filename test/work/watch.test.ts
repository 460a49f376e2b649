import { appendFileSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createFolderEyes, type Look } from '../../electron/station/work/watch/folderEyes.ts'
import { isUnchanged, putAside } from '../../electron/station/work/watch/putAside.ts'
import { fingerprintOf, Seen } from '../../electron/station/work/watch/seen.ts'
import { smallDisk } from '../fixtures/smallDisk.ts'
import { temporaryFolder } from './withWork.ts'

const prints = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => fingerprintOf(`/folder/${from + i}.dcm`, 1000, 5))

test('what is known of files outlives a restart, with a half record behind it', async () => {
  const file = join(await temporaryFolder(), 'one.seen')
  const seen = new Seen(file)
  for (const [i, print] of prints(0, 20_000).entries()) seen.add(print, i % 3 === 0 ? 'refused' : 'taken')
  seen.close()
  appendFileSync(file, Buffer.from([1, 2, 3]))
  const again = new Seen(file)
  expect(again.count).toBe(20_000)
  for (const [i, print] of prints(0, 20_000).entries()) {
    expect(again.find(print)).toBe(i % 3 === 0 ? 'refused' : 'taken')
  }
  expect(prints(20_000, 40_000).filter(print => again.find(print))).toEqual([])
  again.close()
})

test('a file with another size or time is another', () => {
  const all = [
    fingerprintOf('/a', 1, 1),
    fingerprintOf('/a', 2, 1),
    fingerprintOf('/a', 1, 1.5),
    fingerprintOf('/b', 1, 1),
  ]
  expect(new Set(all.map(({ high, low }) => `${high} ${low}`)).size).toBe(4)
})

test('files that are gone are forgotten, and only they, once they are the most', async () => {
  const file = join(await temporaryFolder(), 'one.seen')
  const seen = new Seen(file)
  for (const print of prints(0, 100_000)) seen.add(print, 'taken')
  seen.beginRound()
  for (const print of prints(0, 60_000)) seen.find(print)
  seen.endRound()
  expect(seen.count).toBe(100_000)
  seen.beginRound()
  for (const print of prints(0, 20_000)) seen.find(print)
  seen.endRound()
  expect(seen.count).toBe(20_000)
  expect(statSync(file).size).toBe(20_000 * 8)
  for (const print of prints(200_000, 200_010)) seen.add(print, 'refused')
  seen.close()
  const again = new Seen(file)
  expect(again.count).toBe(20_010)
  expect(prints(0, 20_000).every(print => again.find(print) === 'taken')).toBe(true)
  expect(prints(200_000, 200_010).every(print => again.find(print) === 'refused')).toBe(true)
  again.close()
})

test('a move that was cut off is brought to its end; a file written meanwhile, or without its target, stays', async () => {
  const folder = await temporaryFolder()
  const [from, to] = [join(folder, 'from'), join(folder, 'to')]
  mkdirSync(from)
  const source = join(from, 'one.dcm')
  const write = (text: string) => {
    writeFileSync(source, text)
    utimesSync(source, 1000, 1000)
    return statSync(source)
  }
  const was = write('an image')
  expect(() => putAside(from, to, 'one.dcm', was)).toThrow('ENOENT')
  mkdirSync(to)
  // The copy was there already, the original was not gone yet.
  writeFileSync(join(to, 'one.dcm'), 'an image')
  expect(putAside(from, to, 'one.dcm', was)).toBe(true)
  expect(isUnchanged(source, was)).toBe(false)
  const second = write('another ')
  appendFileSync(source, '!')
  expect(putAside(from, to, 'one.dcm', second)).toBe(false)
  expect(readFileSync(source, 'utf8')).toBe('another !')
  expect(putAside(from, to, 'one.dcm', statSync(source))).toBe(true)
  expect(readFileSync(join(to, 'one.dcm'), 'utf8')).toBe('an image')
  expect(readFileSync(join(to, 'one (2).dcm'), 'utf8')).toBe('another !')
})

/** Looks until there is what is waited for. */
async function look(eyes: ReturnType<typeof createFolderEyes>, isThere: (found: Look) => boolean): Promise<Look> {
  for (const patience = Date.now() + 60_000; ; await eyes.rest()) {
    const found = eyes.look()
    if (isThere(found)) return found
    if (Date.now() > patience) throw new Error(`waited in vain; it is ${JSON.stringify(found)}`)
  }
}

test('a drive that is away is no empty folder, and what cannot be moved is said until it can', async () => {
  const folder = await temporaryFolder()
  const disk = smallDisk(4)
  const [root, movedTo] = [disk.folder, join(folder, 'done')]
  const eyes = createFolderEyes({ root, movedTo, memoryFile: join(folder, 'one.seen'), ours: [] })
  for (const name of ['one.dcm', 'junk.txt']) writeFileSync(join(root, name), name)
  const { ready } = await look(eyes, found => found.ready.length > 1)
  expect(ready.map(({ name }) => name).sort()).toEqual(['junk.txt', 'one.dcm'])
  for (const { id, name } of ready) {
    expect(Buffer.from(eyes.open(id)?.chunk ?? []).toString()).toBe(name)
    eyes.finish(id, name === 'one.dcm' ? 'taken' : 'refused')
  }
  expect((await look(eyes, ({ reasons }) => reasons.length > 0)).trouble).toContain('What was taken cannot be moved')
  mkdirSync(movedTo)
  await look(eyes, ({ trouble }) => trouble === '')
  expect(readFileSync(join(movedTo, 'one.dcm'), 'utf8')).toBe('one.dcm')
  disk.unmount()
  const away = await look(eyes, ({ trouble }) => trouble !== '')
  expect(away).toMatchObject({ trouble: expect.stringContaining('drive is not connected'), known: 2, ready: [] })
  // So it is for a station that starts while it is away, and not for a folder that was always here.
  const afterStart = createFolderEyes({ root, movedTo, memoryFile: join(folder, 'one.seen'), ours: [] })
  expect((await look(afterStart, ({ trouble }) => trouble !== '')).trouble).toContain('drive is not connected')
})
