import { readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Thread } from '../../electron/station/base/thread.ts'
import type { QidoQuery } from '../../electron/station/store/index.ts'
import { createReader, type ReaderApi } from '../../electron/station/store/reader.ts'
import { warmReaders } from '../../electron/station/store/warmReaders.ts'
import { fillIndex } from '../fixtures/manyStudies.ts'
import { newStore } from './objects.ts'

async function filled(studies: number): Promise<{ dataDir: string; file: string }> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'isocenter-warm-'))
  onTestFinished(() => rm(dataDir, { recursive: true }))
  fillIndex(dataDir, studies, Date.UTC(2026, 0, 15))
  return { dataDir, file: path.join(dataDir, 'index.sqlite') }
}

/** A reader on this thread; what it is asked to do by itself is told. */
function readerOf(dataDir: string, file: string) {
  const reader = createReader({ dataDir, file })
  const asked: string[] = []
  const call = async (name: keyof ReaderApi, ...args: never[]) => {
    if (name === 'warmUp' || name === 'map') asked.push(name)
    return (reader[name] as (...args: never[]) => unknown)(...args)
  }
  return { asked, reader, thread: { call } as unknown as Thread<ReaderApi> }
}

test('the index is mapped behind the start, and each reader answers as before', async () => {
  const { dataDir, file } = await filled(3000)
  const readers = [readerOf(dataDir, file), readerOf(dataDir, file)]
  const query: QidoQuery = {
    level: 'study',
    matches: [{ keyword: 'PatientName', value: 'Kovac*' }],
    fuzzymatching: false,
    limit: 50,
    offset: 0,
  }
  const page = () => readers.map(({ reader }) => new TextDecoder().decode(reader.qido(query, '').json))
  const before = page()
  expect(before[0]).toContain('Kovac')
  const warming = warmReaders(
    readers.map(({ thread }) => thread),
    file,
  )
  warming.mapSoon()
  await expect
    .poll(() => readers.map(({ asked }) => asked))
    .toEqual([
      ['warmUp', 'map'],
      ['warmUp', 'map'],
    ])
  expect(page()).toEqual(before)
  await warming.stop()
  await warming.close()
})

test('a store that closes before has nothing mapped, and waits for no calls of its readers', async () => {
  const { dataDir, file } = await filled(10)
  const { asked, thread } = readerOf(dataDir, file)
  const warming = warmReaders([thread], file)
  warming.mapSoon()
  await warming.stop()
  await warming.close()
  expect(asked).toEqual(['warmUp'])
})

// Linux says what a process has mapped, and locked.
test.runIf(process.platform === 'linux')('the index stays locked against other processes behind that', async () => {
  const { store, dataDir } = await newStore()
  const file = path.join(dataDir, 'index.sqlite')
  await expect
    .poll(async () => {
      await Promise.all([1, 2, 3, 4].map(() => store.read.counts()))
      return readFileSync('/proc/self/maps', 'utf8').includes(`${file}\n`)
    })
    .toBe(true)
  const locks = readFileSync('/proc/locks', 'utf8').split('\n')
  expect(locks.filter(lock => lock.includes(`:${statSync(file).ino} `))).not.toEqual([])
})
