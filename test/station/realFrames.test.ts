import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { MultipartReader } from '../../electron/station/base/multipart.ts'
import { openStore, type Store } from '../../electron/station/store/index.ts'
import type { DicomJson } from '../../shared/dicom/json.ts'
import { transferSyntax } from '../../shared/dicom/uids.ts'
import { dcmtk } from '../dimse/harness.ts'
import { type SharedFile, sharedFiles } from '../fixtures/sharedData.ts'
import { type Counter, KEY, openCounter, silentLog } from '../web/counter.ts'

/**
 * Files of many makers in by STOW-RS, their frames out by WADO-RS: the bytes are those that DCMTK finds in the file. Every eighth
 * file; all of them with ISOCENTER_ALL_FILES=1.
 */
const EVERY = process.env.ISOCENTER_ALL_FILES ? 1 : 8

const files = sharedFiles().filter(({ malformed }) => !malformed)
const sampled = files.filter((_, index) => index % EVERY === 0)

/** What DCMTK writes of the pixel data: of native pixels one file, of encapsulated ones a file for each item. */
async function dcmtkPixels(file: string): Promise<Buffer[] | undefined> {
  const folder = await mkdtemp(path.join(tmpdir(), 'isocenter-dump-'))
  try {
    await dcmtk('dcmdump', '+W', folder, '+P', '7fe0,0010', '-q', file)
    const numberOf = (name: string) => Number(/\.(\d+)\.raw$/.exec(name)?.[1])
    const names = (await readdir(folder))
      .filter(name => name.endsWith('.raw'))
      .sort((a, b) => numberOf(a) - numberOf(b))
    if (names.length === 0) return undefined
    return await Promise.all(names.map(name => readFile(path.join(folder, name))))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function framesOf(counter: Counter, instance: string, count: number): Promise<Buffer[]> {
  const list = Array.from({ length: count }, (_, i) => i + 1).join(',')
  const accept = 'multipart/related; type="*/*"; transfer-syntax=*'
  const response = await counter.get(`${instance}/frames/${list}`, { accept })
  expect(response.status).toBe(200)
  const boundary = /boundary=([^;]+)/.exec(response.headers.get('content-type') ?? '')?.[1] ?? ''
  const reader = new MultipartReader(response.body ?? new ReadableStream(), boundary)
  const frames: Buffer[] = []
  for (let part = await reader.next(); part; part = await reader.next()) {
    const chunks: Buffer[] = []
    for await (const chunk of part.body) chunks.push(Buffer.from(chunk))
    frames.push(Buffer.concat(chunks))
  }
  return frames
}

const value = (json: DicomJson, tag: string) => json[tag]?.Value?.[0]

/** Runs `each` of the files over a store that is empty at first; those whose UID it has already go into the next one. */
async function inRounds(
  all: SharedFile[],
  each: (file: SharedFile, store: Store, counter: Counter, seen: Set<string>) => Promise<'again' | undefined>,
): Promise<void> {
  for (let round = all; round.length > 0; ) {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'isocenter-frames-'))
    const store = await openStore({ dataDir, log: silentLog, durability: 'os' })
    const counter = await openCounter(store, { dataDir })
    try {
      const next: SharedFile[] = []
      const seen = new Set<string>()
      for (const file of round) if ((await each(file, store, counter, seen)) === 'again') next.push(file)
      round = next
    } finally {
      await counter.close()
      await store.close()
      await rm(dataDir, { recursive: true, force: true })
    }
  }
}

test(`frames of ${sampled.length} real files are DCMTK’s`, { timeout: 1_800_000 }, async () => {
  const outcomes = new Map<string, string[]>()
  const note = (outcome: string, name: string) => {
    outcomes.set(outcome, [...(outcomes.get(outcome) ?? []), name])
    return undefined
  }
  await inRounds(sampled, async ({ name, path: where }, store, counter, seen) => {
    const response = await fetch(`${counter.origin}/dicom-web/studies`, {
      method: 'POST',
      headers: { 'authorization': `Api-Key ${KEY}`, 'content-type': 'application/dicom' },
      body: new Uint8Array(await readFile(where)),
    })
    const stored = value((await response.json()) as DicomJson, '00081199') as DicomJson | undefined
    if (!stored) return note('refused', name)
    const instance = new URL(String(value(stored, '00081190'))).pathname
    // Of two contents under one UID the first is shown.
    if (seen.has(instance)) return 'again'
    seen.add(instance)
    const [json] = (await (await counter.get(`${instance}/metadata`)).json()) as [DicomJson]
    const pixels = await dcmtkPixels(where)
    if (!pixels || !json['7FE00010']) return note('no pixels', name)
    const { encapsulated, UID } = transferSyntax(String(value(json, '00083002')))
    const [, , , StudyInstanceUID = '', , , , SOPInstanceUID = ''] = instance.split('/')
    const [object] = await store.read.locate({ StudyInstanceUID, SOPInstanceUID }, 1)
    const [first] = await store.read.locateFrames([[object?.contentId ?? 0, 1]])
    if (!first) return note('no whole frame', name)
    if (first.kind === 'stream') return note('video', name)
    // Frames that begin within a byte are shifted; test/web/frames.test.ts has them.
    if (first.kind === 'bits' && first.bits % 8 !== 0 && first.NumberOfFrames > 1)
      return note('bits across bytes', name)
    const frames = Buffer.concat(await framesOf(counter, instance, first.NumberOfFrames))
    // The first item is the offset table; of native pixels those of an icon stand before the image's own.
    const expected = Buffer.concat(pixels.slice(encapsulated ? 1 : -1))
    // DCMTK turns the bytes of words, whatever a sample has (PS3.5 §7.3 speaks of OW).
    if (first.kind === 'swap' && first.sampleBytes === 4) expected.swap16().swap32()
    // Native pixels end at the last whole frame: what is left is padding.
    const same = encapsulated ? frames.equals(expected) : frames.equals(expected.subarray(0, frames.length))
    return note(same ? 'equal' : 'different', `${name} (${UID}, ${frames.length} of ${expected.length} bytes)`)
  })
  const found = Object.fromEntries([...outcomes].map(([outcome, names]) => [outcome, names.length]))
  console.log(found)
  expect(outcomes.get('different') ?? []).toEqual([])
  if (sampled.length > 0) expect(outcomes.get('equal')?.length).toBeGreaterThan(sampled.length / 2)
})
