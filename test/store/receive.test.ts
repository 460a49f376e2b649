import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { createDisk, type Disk, SyncError } from '../../electron/station/base/durable.ts'
import type { Change, Store } from '../../electron/station/store/index.ts'
import { readFileMeta } from '../../shared/dicom/part10.ts'
import { TS } from '../../shared/dicom/uids.ts'
import type { NewDataSet } from '../../shared/dicom/writer.ts'
import { CT_IMAGE, ctSlice, foundBy, newStore, scanner, send, type TestObject } from './objects.ts'

/** The objects' own files, once all have settled. */
async function filesIn(store: Store, dataDir: string): Promise<string[]> {
  await store.settleAll()
  return ['files', 'landing'].flatMap(folder =>
    readdirSync(join(dataDir, folder), { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile() && entry.name.endsWith('.dcm'))
      .map(entry => entry.name),
  )
}

async function storedBytes(store: Store, contentId: number): Promise<Buffer> {
  const { path, dataSetOffset, dataSetLength } = await store.read.locateContent(contentId)
  return readFileSync(path).subarray(dataSetOffset, dataSetOffset + dataSetLength)
}

/** A disk on which some calls fail. */
function failingDisk(fail: (call: 'write' | 'sync' | 'syncFolder', path: string) => Error | undefined): Disk {
  const disk = createDisk()
  const check = (call: 'write' | 'sync' | 'syncFolder', path: string) => {
    const error = fail(call, path)
    if (error) throw error
  }
  return {
    ...disk,
    async createFile(path) {
      const file = await disk.createFile(path)
      return {
        ...file,
        async write(bytes, position) {
          check('write', path)
          await file.write(bytes, position)
        },
        async sync() {
          check('sync', path)
          await file.sync()
        },
      }
    },
    async syncFolder(path) {
      check('syncFolder', path)
      await disk.syncFolder(path)
    },
  }
}

/** Bytes of which no block is like another. */
const unlike = (length: number) => new Uint8Array(length).map((_, i) => Math.imul(i, 0x9e3779b1) >>> 24)

const systemError = (code: string) => Object.assign(new Error(code), { code })

test('stores the data set byte for byte, with a File Meta that names source, sender and receiver', async () => {
  const { store } = await newStore()
  for (const TransferSyntaxUID of [TS.ImplicitVRLittleEndian, TS.ExplicitVRLittleEndian, TS.ExplicitVRBigEndian]) {
    const object = ctSlice(1, { SOPInstanceUID: `${TransferSyntaxUID}.7` }, { TransferSyntaxUID })
    const received = await send(store, object)
    expect(received).toMatchObject({
      outcome: 'stored',
      StudyInstanceUID: '2.25.1000.1',
      SOPInstanceUID: object.SOPInstanceUID,
    })
    expect(Buffer.compare(await storedBytes(store, received.contentId), object.bytes)).toBe(0)
    await store.settleAll()
    const { path, dataSetOffset, dataSetLength } = await store.read.locateContent(received.contentId)
    const file = readFileSync(path)
    expect(file.length).toBe(dataSetOffset + dataSetLength)
    const meta = readFileMeta(file)
    expect(meta).toMatchObject({
      TransferSyntaxUID,
      MediaStorageSOPClassUID: CT_IMAGE,
      MediaStorageSOPInstanceUID: object.SOPInstanceUID,
      SourceApplicationEntityTitle: 'CT1',
    })
    expect(meta?.meta.string('SendingApplicationEntityTitle')).toBe('CT1')
    expect(meta?.meta.string('ReceivingApplicationEntityTitle')).toBe('ISOCENTER')
  }
})

test('an object too large for memory goes to its file as it comes, and asks the sender to wait', async () => {
  const { store } = await newStore()
  const object = ctSlice(1, {}, { size: 3000 })
  const receive = store.beginReceive({ origin: scanner, SOPClassUID: CT_IMAGE, ...object })
  let waits = 0
  for (let at = 0; at < object.bytes.length; at += 1 << 20) {
    const waiting = receive.write(object.bytes.subarray(at, at + (1 << 20)))
    if (waiting) waits++
    await waiting
  }
  const received = await receive.commit()
  expect(waits).toBeGreaterThan(0)
  expect(Buffer.compare(await storedBytes(store, received.contentId), object.bytes)).toBe(0)
  const [frame] = await store.read.locateFrames([[received.contentId, 1]])
  expect(frame).toMatchObject({ kind: 'range', NumberOfFrames: 1 })
  expect(frame?.ranges[0]?.[1]).toBe(3000 * 3000 * 2)
})

test('large objects of any length come back byte for byte, in chunks of any length, wherever their blocks end', async () => {
  const { store, dataDir } = await newStore()
  for (const [n, more] of [0, 1, 511, 2048, 4094, 4096, 131_070].entries()) {
    // In the last element, as a private block in the header would move the pixels.
    const object = ctSlice(
      n,
      { PixelData: { vr: 'OW', value: unlike(1024 * 1024 * 2 + 2 * Math.ceil(more / 2)) } },
      { size: 1024 },
    )
    const receive = store.beginReceive({ origin: scanner, SOPClassUID: CT_IMAGE, ...object })
    for (let at = 0, length = 1; at < object.bytes.length; at += length, length = ((length * 7919) % 99_991) + n) {
      await receive.write(object.bytes.subarray(at, at + length))
    }
    const { contentId } = await receive.commit()
    expect(Buffer.compare(await storedBytes(store, contentId), object.bytes)).toBe(0)
    const { path, dataSetOffset } = await store.read.locateContent(contentId)
    expect(readFileSync(path).length).toBe(dataSetOffset + object.bytes.length)
    expect(readFileMeta(readFileSync(path))?.MediaStorageSOPInstanceUID).toBe(object.SOPInstanceUID)
  }
  expect(await filesIn(store, dataDir)).toHaveLength(7)
})

test('fifty objects of 3.9 MB before a disk that stands still wait in bounded memory, one that is small passes, and all are stored', async () => {
  const stands = Promise.withResolvers<void>()
  const disk = createDisk()
  const standing: Disk = {
    ...disk,
    async createFile(path) {
      const file = await disk.createFile(path)
      if (!path.endsWith('.dcm')) return file
      return { ...file, write: (bytes, position) => stands.promise.then(() => file.write(bytes, position)) }
    },
  }
  const { store } = await newStore({ disk: standing })
  const objects = Array.from({ length: 50 }, (_, n) => ctSlice(n, {}, { size: 1400 }))
  let taken = 0
  const sending = objects.map(async ({ bytes, ...start }) => {
    const receive = store.beginReceive({ origin: scanner, SOPClassUID: CT_IMAGE, ...start })
    for (let at = 0; at < bytes.length; at += 1 << 16) {
      const part = bytes.subarray(at, at + (1 << 16))
      // As a socket would bring it: everybody's turn comes again and again.
      await new Promise(setImmediate)
      const waiting = receive.write(part)
      taken += part.length
      await waiting
    }
    return receive.commit()
  })
  for (let before = -1; before !== taken; await new Promise(resolve => setTimeout(resolve, 500))) before = taken
  // 36 MiB, and a block of 128 KiB for each.
  const most = (36 << 20) + 51 * (128 << 10)
  expect(taken).toBeLessThanOrEqual(most)
  expect(store.receiving.bytes).toBeGreaterThanOrEqual(taken)
  await send(store, ctSlice(99))
  stands.resolve()
  const received = await Promise.all(sending)
  expect(store.receiving.most).toBeLessThanOrEqual(most)
  expect(store.receiving.bytes).toBe(0)
  expect(new Set(received.map(({ outcome }) => outcome))).toEqual(new Set(['stored']))
  for (const [n, { contentId }] of received.entries()) {
    expect(Buffer.compare(await storedBytes(store, contentId), objects[n]?.bytes ?? new Uint8Array())).toBe(0)
  }
})

test('a header that ends behind the first block in memory, small objects and deflated ones: what is stored is what came', async () => {
  const { store } = await newStore()
  const values = { '00091001': { vr: 'OB', value: new Uint8Array(200 << 10).fill(1) } } as const
  for (const [n, TransferSyntaxUID] of [TS.ExplicitVRLittleEndian, TS.ImplicitVRLittleEndian].entries()) {
    const object = ctSlice(n + 1, values, { TransferSyntaxUID, size: 300 })
    const received = await send(store, object)
    expect(Buffer.compare(await storedBytes(store, received.contentId), object.bytes)).toBe(0)
    expect((await store.read.locateFrames([[received.contentId, 1]]))[0]?.ranges[0]?.[1]).toBe(300 * 300 * 2)
  }
})

test('a failing sync of a long object that is still coming refuses it, as the last one would', async () => {
  const disk = createDisk()
  let syncs = 0
  const failing: Disk = {
    ...disk,
    async createFile(path) {
      const file = await disk.createFile(path)
      const sync = async () => {
        // Told once, as the system does: the next one knows nothing of it.
        if (path.endsWith('.dcm') && ++syncs === 1) throw new SyncError(path, new Error('EIO'))
        await file.sync()
      }
      return { ...file, sync }
    },
  }
  const { store } = await newStore({ disk: failing })
  await expect(send(store, ctSlice(1, {}, { size: 3000 }))).rejects.toMatchObject({ code: 'store-read-only' })
  expect((await store.read.counts()).instances).toBe(0)
})

test('a header longer than what is kept in memory is still read', async () => {
  const { store } = await newStore()
  const long = ctSlice(1, { '00091001': { vr: 'OB', value: new Uint8Array(3 << 20).fill(1) } })
  const received = await send(store, long)
  expect(received.SOPInstanceUID).toBe(long.SOPInstanceUID)
  const manifest = await store.read.getManifest(received.StudyInstanceUID, received.SeriesInstanceUID)
  expect(manifest.common.Rows).toBe(64)
  expect((await store.read.locateFrames([[received.contentId, 1]]))[0]?.ranges[0]?.[1]).toBe(64 * 64 * 2)
})

test('the same bytes again are a duplicate, another header a revision, other pixels a conflict: all kept, the first is shown', async () => {
  const { store, dataDir } = await newStore()
  const told: string[] = []
  store.onProblem(problem => told.push(problem.sentence))
  const first = await send(store, ctSlice(1))
  const again = await send(store, ctSlice(1))
  expect(again).toMatchObject({ outcome: 'duplicate', contentId: first.contentId })
  expect(await filesIn(store, dataDir)).toHaveLength(1)
  const revision = await send(store, ctSlice(1, { PatientName: 'Mueller^Anna' }))
  expect(revision.outcome).toBe('revision')
  const conflict = await send(store, ctSlice(1, { PixelData: new Uint16Array(64 * 64).fill(5) }))
  expect(conflict.outcome).toBe('conflict')
  // Each of them again is a duplicate of itself.
  expect(await send(store, ctSlice(1, { PatientName: 'Mueller^Anna' }))).toMatchObject({
    outcome: 'duplicate',
    contentId: revision.contentId,
  })
  expect(await filesIn(store, dataDir)).toHaveLength(3)
  const shown = await store.read.locate({ StudyInstanceUID: '2.25.1000.1' }, 10)
  expect(shown.map(object => object.contentId)).toEqual([first.contentId])
  expect((await store.read.counts()).instances).toBe(1)
  await expect
    .poll(() => told)
    .toEqual([expect.stringContaining('another header'), expect.stringContaining('Different images')])
})

/** The bytes with other last four, so that their CRC-32 is the wanted one: it is linear in every bit. */
function withSum(bytes: Uint8Array, wanted: number): Uint8Array {
  const tail = bytes.length - 4
  const forged = Uint8Array.from(bytes).fill(0, tail)
  const base = crc32(forged)
  let changes = Array.from({ length: 32 }, (_, bit) => {
    const flipped = Uint8Array.from(forged)
    flipped[tail + (bit >> 3)] = 1 << (bit & 7)
    return { sum: crc32(flipped) ^ base, bits: 1 << bit }
  })
  let left = wanted ^ base
  let bits = 0
  for (let at = 31; at >= 0; at--) {
    const pivot = changes.find(({ sum }) => (sum >>> at) & 1)!
    changes = changes
      .filter(change => change !== pivot)
      .map(one => ((one.sum >>> at) & 1 ? { sum: one.sum ^ pivot.sum, bits: one.bits ^ pivot.bits } : one))
    if (!((left >>> at) & 1)) continue
    left ^= pivot.sum
    bits ^= pivot.bits
  }
  new DataView(forged.buffer).setUint32(tail, bits >>> 0, true)
  return forged
}

test('other pixels whose length and checksum are those of what is there are kept beside it, landed or settled', async () => {
  const { store } = await newStore()
  const slice = ctSlice(1)
  const others = [5, 6].map(value => {
    const { bytes } = ctSlice(1, { PixelData: new Uint16Array(64 * 64).fill(value) })
    return { ...slice, bytes: withSum(bytes, crc32(slice.bytes)) }
  })
  for (const { bytes } of others) expect([crc32(bytes), bytes.length]).toEqual([crc32(slice.bytes), slice.bytes.length])
  const first = await send(store, slice)
  const landed = await send(store, others[0]!)
  expect(landed.outcome).toBe('conflict')
  await store.settleAll()
  const settled = await send(store, others[1]!)
  expect(settled.outcome).toBe('conflict')
  expect(await storedBytes(store, first.contentId)).toEqual(Buffer.from(slice.bytes))
  expect(await storedBytes(store, landed.contentId)).toEqual(Buffer.from(others[0]!.bytes))
  expect(await storedBytes(store, settled.contentId)).toEqual(Buffer.from(others[1]!.bytes))
})

test('of a sender whose profile says so, the latest content is the one that is shown', async () => {
  const { store } = await newStore()
  const latest = ctSlice(1, { PixelData: new Uint16Array(64 * 64).fill(5) })
  await send(store, ctSlice(1))
  const receive = store.beginReceive({ origin: scanner, SOPClassUID: CT_IMAGE, ...latest, showLatest: true })
  receive.write(latest.bytes)
  const { contentId } = await receive.commit()
  const [shown] = await store.read.locate({ StudyInstanceUID: '2.25.1000.1' }, 10)
  expect(shown?.contentId).toBe(contentId)
})

test('what a sender’s profile says of its data sets is indexed where they say nothing, and never written', async () => {
  const { store } = await newStore()
  const send = async (study: number, values: NewDataSet) => {
    const object = ctSlice(1, values, { study })
    // The writer names UTF-8; the old scanner names nothing and means ISO 8859-5.
    const bytes = Buffer.from(object.bytes)
    const name = bytes.indexOf('NNNN')
    Buffer.from([0xb8, 0xd2, 0xd0, 0xdd]).copy(bytes, name)
    const receive = store.beginReceive({
      origin: scanner,
      SOPClassUID: CT_IMAGE,
      ...object,
      assumed: { SpecificCharacterSet: 'ISO_IR 144', IssuerOfPatientID: 'WARD 7' },
    })
    receive.write(bytes)
    const { contentId } = await receive.commit()
    expect((await storedBytes(store, contentId)).equals(bytes)).toBe(true)
    return (await store.read.getStudy(`2.25.1000.${study}`)).study
  }
  expect(await send(1, { SpecificCharacterSet: '', PatientName: 'NNNN' })).toMatchObject({
    PatientName: 'Иван',
    IssuerOfPatientID: 'WARD 7',
  })
  expect(await send(2, { SpecificCharacterSet: '', PatientName: 'NNNN', IssuerOfPatientID: 'OWN' })).toMatchObject({
    IssuerOfPatientID: 'OWN',
  })
})

test('two associations with the same object at once store it once', async () => {
  const { store, dataDir } = await newStore()
  const outcomes = await Promise.all(Array.from({ length: 8 }, () => send(store, ctSlice(1))))
  expect(outcomes.map(received => received.outcome).sort()).toEqual([...Array(7).fill('duplicate'), 'stored'])
  expect(await filesIn(store, dataDir)).toHaveLength(1)
  expect((await store.read.counts()).instances).toBe(1)
})

test('200 at once: every one is there, unchanged, and counted', async () => {
  const { store } = await newStore()
  const objects = Array.from({ length: 200 }, (_, i) =>
    ctSlice(i + 1, {}, { study: 1 + (i % 10), series: 1 + (i % 20) }),
  )
  const received = await Promise.all(objects.map(object => send(store, object)))
  for (const [index, { contentId }] of received.entries()) {
    expect(Buffer.compare(await storedBytes(store, contentId), objects[index]?.bytes ?? new Uint8Array())).toBe(0)
  }
  expect(await store.read.counts()).toMatchObject({ studies: 10, series: 20, instances: 200 })
  const { study } = await store.read.getStudy('2.25.1000.1')
  expect(study).toMatchObject({ NumberOfStudyRelatedSeries: 2, NumberOfStudyRelatedInstances: 20, sendingAET: 'CT1' })
  expect(await store.read.listPeers()).toMatchObject([{ AET: 'CT1', address: '10.0.0.7', instances: 200 }])
})

test('what was answered is visible to the next read, 1,000 of 1,000 while ten push', async () => {
  const { store } = await newStore()
  let seen = 0
  const push = async (association: number) => {
    for (let n = 1; n <= 100; n++) {
      const object = ctSlice(n, {}, { study: association, size: 8 })
      const { seq } = await send(store, object)
      const rows = await foundBy(store.read, {
        level: 'instance',
        matches: [{ keyword: 'SOPInstanceUID', value: object.SOPInstanceUID }],
        fuzzymatching: false,
        limit: 2,
        offset: 0,
      })
      if (rows.length === 1 && store.seq >= seq) seen++
    }
  }
  await Promise.all(Array.from({ length: 10 }, (_, i) => push(i + 1)))
  expect(seen).toBe(1000)
})

test('listeners hear of each instance and each touched study, after the answer, and cannot harm it', async () => {
  const { store } = await newStore()
  const heard: Change[] = []
  store.onChanges(() => {
    throw new Error('a listener that fails')
  })
  const stop = store.onChanges(changes => heard.push(...changes))
  const received = await send(store, ctSlice(1))
  await expect.poll(() => heard.length).toBe(2)
  expect(heard).toEqual([
    { seq: received.seq, kind: 'instance', StudyInstanceUID: '2.25.1000.1' },
    { seq: received.seq + 1, kind: 'study', StudyInstanceUID: '2.25.1000.1' },
  ])
  expect(store.seq).toBe(received.seq + 1)
  stop()
  await send(store, ctSlice(2))
  expect(heard).toHaveLength(2)
})

test.each([
  ['no Study Instance UID', { StudyInstanceUID: '' }, 'invalid-uid', 0xc000],
  ['a Series Instance UID with letters', { SeriesInstanceUID: '1.2.abc' }, 'invalid-uid', 0xc000],
  ['another SOP Instance UID than the command', { SOPInstanceUID: '2.25.5' }, 'identity-mismatch', 0xa900],
] as const)('refuses %s and leaves nothing behind', async (_name, values, code, dimseStatus) => {
  const { store, dataDir } = await newStore()
  const object = { ...ctSlice(1, values), SOPInstanceUID: '2.25.1000.1.1.1' }
  await expect(send(store, object)).rejects.toMatchObject({ code, dimseStatus })
  expect(await filesIn(store, dataDir)).toEqual([])
  expect((await store.read.counts()).instances).toBe(0)
})

test('a command or File Meta too long for the log is refused before a byte is taken; nothing else suffers', async () => {
  const { store } = await newStore()
  const long = { origin: { ...scanner, sourceAET: 'A'.repeat(100_000) }, SOPClassUID: CT_IMAGE, ...ctSlice(1) }
  expect(() => store.beginReceive(long)).toThrow(expect.objectContaining({ code: 'malformed' }))
  expect((await send(store, ctSlice(1))).outcome).toBe('stored')
})

test('an imported file whose own meta names another object is stored under what its data set says', async () => {
  const { store } = await newStore()
  const object = { ...ctSlice(1), SOPInstanceUID: '1.2.3' }
  const received = await send(store, object, {
    door: 'import',
    sourceAET: '',
    sendingAET: '',
    receivingAET: '',
    address: '',
  })
  expect(received.SOPInstanceUID).toBe('2.25.1000.1.1.1')
  const { study } = await store.read.getStudy('2.25.1000.1')
  expect(study.sendingAET).toBe('import')
})

test('poor tags are kept, flagged and never mix patients', async () => {
  const { store } = await newStore()
  await send(store, ctSlice(1, { PatientID: '', PatientName: '', StudyDate: '' }, { study: 1 }))
  await send(store, ctSlice(1, { PatientID: '' }, { study: 2 }))
  const { study } = await store.read.getStudy('2.25.1000.1')
  expect(study.flags).toEqual(expect.arrayContaining(['no-patient-id', 'no-patient-name', 'no-study-date']))
  // A later object that knows more fills what was empty.
  await send(store, ctSlice(2, {}, { study: 1 }))
  expect((await store.read.getStudy('2.25.1000.1')).study).toMatchObject({ PatientID: 'ID-1', StudyDate: '20250102' })
  await send(store, ctSlice(3, { PatientID: 'SOMEBODY ELSE' }, { study: 1 }))
  expect((await store.read.getStudy('2.25.1000.1')).study.flags).toContain('mixed-patient')
})

test('a deflated data set is kept deflated and its frame is found in the inflated one', async () => {
  const { store } = await newStore()
  const plain = ctSlice(1)
  const object: TestObject = {
    ...plain,
    TransferSyntaxUID: TS.DeflatedExplicitVRLittleEndian,
    bytes: deflateRawSync(plain.bytes),
  }
  const { contentId } = await send(store, object)
  expect(Buffer.compare(await storedBytes(store, contentId), object.bytes)).toBe(0)
  const [frame] = await store.read.locateFrames([[contentId, 1]])
  expect(frame).toMatchObject({ kind: 'inflate', inflatedLength: 64 * 64 * 2 })
  expect(frame?.inflatedOffset).toBe(plain.bytes.length - 64 * 64 * 2)
})

test('an abort leaves nothing, small or large', async () => {
  const { store, dataDir } = await newStore()
  for (const size of [64, 1500]) {
    const object = ctSlice(1, {}, { size })
    const receive = store.beginReceive({ origin: scanner, SOPClassUID: CT_IMAGE, ...object })
    await receive.write(object.bytes.subarray(0, -100))
    await receive.abort()
  }
  expect(await filesIn(store, dataDir)).toEqual([])
})

test.each([64, 1500])('a full disk refuses with its own status and leaves nothing (%i pixels square)', async size => {
  let full = true
  const disk = failingDisk(call => (full && call === 'write' ? systemError('ENOSPC') : undefined))
  const { store, dataDir } = await newStore({ disk })
  await expect(send(store, ctSlice(1, {}, { size }))).rejects.toMatchObject({ code: 'disk-full', dimseStatus: 0xa700 })
  expect(await filesIn(store, dataDir)).toEqual([])
  full = false
  expect((await send(store, ctSlice(1, {}, { size }))).outcome).toBe('stored')
})

test.each([
  ['sync', 64],
  ['sync', 1500],
  ['syncFolder', 1500],
] as const)('a failing %s makes the store read-only; reading goes on (%i pixels square)', async (failing, size) => {
  let broken = false
  const disk = failingDisk((call, path) =>
    broken && call === failing ? new SyncError(path, systemError('EIO')) : undefined,
  )
  const { store, dataDir } = await newStore({ disk })
  const before = await send(store, ctSlice(1))
  broken = true
  await expect(send(store, ctSlice(2, {}, { size }))).rejects.toMatchObject({
    code: 'store-read-only',
    dimseStatus: 0xa700,
  })
  expect(store.writable).toBe(false)
  expect(() => store.beginReceive({ origin: scanner, SOPClassUID: CT_IMAGE, ...ctSlice(3) })).toThrow(
    expect.objectContaining({ code: 'store-read-only' }),
  )
  expect((await storedBytes(store, before.contentId)).length).toBe(ctSlice(1).bytes.length)
  expect((await store.read.counts()).instances).toBe(1)
  expect(await filesIn(store, dataDir)).toHaveLength(1)
})

test('closing refuses the new, finishes the running, and opens again with everything', async () => {
  const { store, dataDir } = await newStore()
  const object = ctSlice(1)
  const receive = store.beginReceive({ origin: scanner, SOPClassUID: CT_IMAGE, ...object })
  receive.write(object.bytes)
  const closed = store.close()
  expect(() => store.beginReceive({ origin: scanner, SOPClassUID: CT_IMAGE, ...object })).toThrow(
    expect.objectContaining({ code: 'draining' }),
  )
  expect((await receive.commit()).outcome).toBe('stored')
  await closed
  expect(existsSync(join(dataDir, 'index.sqlite-wal'))).toBe(false)
  const { store: again } = await newStore({ dataDir })
  expect((await again.read.counts()).instances).toBe(1)
  expect((await send(again, ctSlice(2))).seq).toBeGreaterThan(2)
})
