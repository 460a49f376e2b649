import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { FragmentWalker } from '../../electron/station/store/fragmentWalker.ts'
import type { Store } from '../../electron/station/store/index.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { encapsulate } from '../../shared/dicom/writer.ts'
import { frameAttributes } from '../../shared/viewing/image.ts'
import { ctSlice, newStore, send } from './objects.ts'

async function frameBytes(store: Store, contentId: number, frame: number): Promise<Buffer> {
  const [location] = await store.read.locateFrames([[contentId, frame]])
  if (!location) throw new Error('no such frame')
  const file = readFileSync(location.path)
  return Buffer.concat(location.ranges.map(([offset, length]) => file.subarray(offset, offset + length)))
}

const jpeg = (n: number, length: number) => new Uint8Array(length).fill(n).map((b, i) => [0xff, 0xd8, 0xff][i] ?? b)

test.each([64, 700_000])(
  'frames of encapsulated pixels are found while the bytes pass (%i bytes each)',
  async length => {
    const { store } = await newStore()
    const frames = [1, 2, 3].map(n => [jpeg(n, length), new Uint8Array(100).fill(n)])
    const pixels = { PixelData: { vr: 'OB', value: encapsulate(frames, { bot: true }) }, NumberOfFrames: 3 }
    const { contentId } = await send(store, ctSlice(1, pixels, { TransferSyntaxUID: TS.JPEGBaseline8Bit }))
    for (const [index, fragments] of frames.entries()) {
      expect(Buffer.compare(await frameBytes(store, contentId, index + 1), Buffer.concat(fragments))).toBe(0)
    }
    expect(
      await store.read.locateFrames([
        [contentId, 4],
        [contentId, 0],
        [999, 1],
      ]),
    ).toEqual([null, null, null])
  },
)

test('native frames are ranges, big endian ones are swapped, 1-bit ones begin inside a byte', async () => {
  const { store } = await newStore()
  const cine = await send(
    store,
    ctSlice(1, { NumberOfFrames: 4, PixelData: new Uint16Array(4 * 4).map((_, i) => i), Rows: 2, Columns: 2 }),
  )
  expect((await frameBytes(store, cine.contentId, 3)).readUInt16LE(2)).toBe(9)
  const big = await send(store, ctSlice(2, {}, { TransferSyntaxUID: TS.ExplicitVRBigEndian }))
  expect((await store.read.locateFrames([[big.contentId, 1]]))[0]).toMatchObject({ kind: 'swap', sampleBytes: 2 })
  const mask = ctSlice(3, {
    Rows: 3,
    Columns: 3,
    BitsAllocated: 1,
    BitsStored: 1,
    HighBit: 0,
    NumberOfFrames: 3,
    PixelData: { vr: 'OB', value: new Uint8Array([0xff, 0x01, 0xfe, 0x03]) },
  })
  const { contentId } = await send(store, mask)
  expect((await store.read.locateFrames([[contentId, 2]]))[0]).toMatchObject({ kind: 'bits', bitOffset: 1, bits: 9 })
})

test('the walker finds the same items whatever the size of the chunks', () => {
  const bytes = encapsulate([[jpeg(1, 33), jpeg(7, 10)], [jpeg(2, 4)], [new Uint8Array(0)]], { bot: true })
  const walk = (chunk: number) => {
    const walker = new FragmentWalker(500)
    for (let at = 0; at < bytes.length; at += chunk) walker.feed(bytes.subarray(at, at + chunk))
    return { fragments: walker.fragments, table: walker.basicOffsetTable, ended: walker.ended, damage: walker.damage }
  }
  const whole = walk(bytes.length)
  expect(whole).toMatchObject({ ended: true, damage: undefined })
  expect(whole.fragments.map(fragment => fragment.startsImage)).toEqual([true, true, true, false])
  for (const chunk of [1, 2, 3, 7, 16]) expect(walk(chunk)).toEqual(whole)
})

test('the walker stops at what is no item, and is not led by a length', () => {
  for (const bytes of [new Uint8Array(64).fill(9), new Uint8Array([0xfe, 0xff, 0, 0xe0, 0xff, 0xff, 0xff, 0xff])]) {
    const walker = new FragmentWalker(0)
    walker.feed(bytes)
    expect(walker.damage).toBeDefined()
    expect(walker.fragments).toEqual([])
  }
})

test('an image cut off before its pixels end is kept and says so', async () => {
  const { store } = await newStore()
  const whole = ctSlice(1)
  const { StudyInstanceUID, SeriesInstanceUID } = await send(store, { ...whole, bytes: whole.bytes.subarray(0, -1000) })
  const manifest = await store.read.getManifest(StudyInstanceUID, SeriesInstanceUID)
  expect(manifest.instances[0]?.unshowable).toMatch(/damaged/)
  expect((await store.read.getStudy(StudyInstanceUID)).study.flags).toContain('truncated')
})

test('the manifest comes in the order of Instance Numbers, with what all share factored out', async () => {
  const { store } = await newStore()
  for (const n of [5, 2, 9, 1])
    await send(store, ctSlice(n, { InstanceNumber: 100 - n, WindowCenter: 40, WindowWidth: 400 + n }))
  const manifest = await store.read.getManifest('2.25.1000.1', '2.25.1000.1.1')
  expect(manifest).toMatchObject({ Modality: 'CT', SeriesNumber: 1, synthetic: false, seq: store.seq })
  const positions = manifest.instances.map(instance => frameAttributes(manifest, instance, 1).ImagePositionPatient?.[2])
  expect(positions).toEqual([9, 5, 2, 1])
  expect(manifest.common).toMatchObject({ Rows: 64, Columns: 64, WindowCenter: [40] })
  expect(manifest.common.WindowWidth).toBeUndefined()
  for (const instance of manifest.instances) expect(instance.attributes.Rows).toBeUndefined()
  await expect(store.read.getManifest('2.25.1000.1', '1.2.3')).rejects.toMatchObject({ code: 'not-found' })
})

test('a series says that it is a scout as soon as its images are here, whatever it is called', async () => {
  const { store } = await newStore()
  const { StudyInstanceUID } = await send(store, ctSlice(1, { ImageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] }))
  await send(store, ctSlice(1, { ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'] }, { series: 2 }))
  await send(store, ctSlice(1, {}, { series: 3 }))
  const { series } = await store.read.getStudy(StudyInstanceUID)
  expect(series.map(each => each.localizer)).toEqual([true, false, false])
})

test('work sees what is new, and what it finds is shown', async () => {
  const { store } = await newStore()
  const { contentId, StudyInstanceUID, SeriesInstanceUID } = await send(store, ctSlice(1))
  // Of plain images a series' first one; what must be decoded or has functional groups in any case.
  await send(store, ctSlice(2, {}, { series: 2 }))
  await store.finishWork((await store.read.pendingWork(10)).at(-1)?.contentId ?? 0, {})
  await send(store, ctSlice(3, {}, { series: 2 }))
  const other = await send(store, ctSlice(4, { NumberOfFrames: 2 }))
  expect(await store.read.pendingWork(10)).toEqual([
    { contentId, again: false },
    { contentId: other.contentId, again: false },
  ])
  const heard: string[] = []
  store.onChanges(changes => heard.push(...changes.map(change => change.kind)))
  const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47])
  await store.finishWork(contentId, { thumbnail: png, attributes: { Rows: 64 }, perFrame: [{ SliceThickness: 3 }] })
  await store.finishWork(other.contentId, { unshowable: 'The pixels cannot be decoded.' })
  expect(await store.read.pendingWork(10)).toEqual([])
  expect(Buffer.from((await store.read.getThumbnail(contentId)) ?? [])).toEqual(Buffer.from(png))
  expect(await store.read.getThumbnail(other.contentId)).toBeNull()
  const { instances } = await store.read.getManifest(StudyInstanceUID, SeriesInstanceUID)
  expect(instances.find(instance => instance.contentId === contentId)?.perFrame).toEqual([{ SliceThickness: 3 }])
  expect(instances.find(instance => instance.contentId === other.contentId)?.unshowable).toMatch(/decoded/)
  expect((await store.read.getStudy(StudyInstanceUID)).series[0]).toMatchObject({
    hasImages: true,
    thumbnailSOPInstanceUID: '2.25.1000.1.1.1',
  })
  await expect.poll(() => heard.includes('study')).toBe(true)
  await expect(store.finishWork(999, {})).rejects.toMatchObject({ code: 'not-found' })
})
