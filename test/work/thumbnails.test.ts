import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createLog } from '../../electron/station/base/log.ts'
import { startThread } from '../../electron/station/base/thread.ts'
import { openStore } from '../../electron/station/store/openStore.ts'
import { startBackground } from '../../electron/station/work/background.ts'
import { codestreamBytes } from '../../electron/station/work/decode/codestreamBytes.ts'
import { decodeFrame } from '../../electron/station/work/decode/decodeFrame.ts'
import { ctTorso, torsoSlice } from '../../electron/station/work/samples/ctTorso.ts'
import { CINE, cineFrame } from '../../electron/station/work/samples/ultrasoundCine.ts'
import { makeThumbnail, THUMBNAIL_SIZE } from '../../electron/station/work/thumbnail.ts'
import type { WorkApi } from '../../electron/station/work/workThread.ts'
import { readInstanceHeader } from '../../shared/dicom/instanceHeader.ts'
import { readFileMeta } from '../../shared/dicom/part10.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { toRGB } from '../../shared/viewing/colour.ts'
import type { ImageAttributes } from '../../shared/viewing/image.ts'
import { nativeFrame } from '../../shared/viewing/samples.ts'
import { dcmtk } from '../dimse/harness.ts'
import { dataSetBytes, part10, smallCT } from '../fixtures/oddFiles.ts'
import { readPng } from '../fixtures/png.ts'
import { sharedDataFolder, sharedFiles } from '../fixtures/sharedData.ts'
import { encapsulatedFragments } from './fragments.ts'
import { ended, fileOf, openWork, temporaryFolder } from './withWork.ts'

function pixelAt(png: Uint8Array, x: number, y: number): number[] {
  const { samples, pixels } = readPng(png)
  const at = (y * THUMBNAIL_SIZE + x) * samples
  return [...pixels.subarray(at, at + samples)]
}

const size = { slices: 3, matrix: 128, variant: 'codec' }
const ctAttributes: ImageAttributes = {
  Rows: 128,
  Columns: 128,
  BitsAllocated: 16,
  BitsStored: 12,
  HighBit: 11,
  PixelRepresentation: 0,
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
}

test.each([
  ['dcmcrle', []],
  ['dcmcjpls', ['+el']],
  ['dcmcjpeg', ['+e1']],
  ['dcmcjpeg', ['+el']],
  ['gdcmconv', ['--j2k']],
  ['gdcmconv', ['--jpegls']],
])('%s %s is decoded to the very pixels it was made from', async (tool, options) => {
  const folder = await temporaryFolder()
  const [source, coded] = [join(folder, 'source.dcm'), join(folder, 'coded.dcm')]
  await writeFile(source, fileOf([...ctTorso(size)][1]!))
  expect(await dcmtk(tool, ...options, source, coded)).toMatchObject({ code: 0 })
  const file = await readFile(coded)
  const meta = readFileMeta(file)!
  const bytes = encapsulatedFragments(file.subarray(meta.dataSetOffset))
  expect(codestreamBytes(bytes)).toBe(tool === 'dcmcrle' ? 0 : 128 * 128 * 2)
  const decoded = await decodeFrame({
    bytes,
    TransferSyntaxUID: meta.TransferSyntaxUID,
    attributes: ctAttributes,
    encapsulated: true,
    bitOffset: 0,
  })
  expect(Uint16Array.from(decoded!.samples)).toEqual(torsoSlice(1, size).pixels)
})

test.each([
  ['a JPEG', TS.JPEGLosslessSV1, 'ffd8ffc3000b10fffefffe01012100'],
  ['a JPEG-LS behind an application segment', TS.JPEGLSLossless, 'ffd8ffe80004aaaafff7000b10fffefffe01012100'],
  [
    'a JPEG 2000 in a box',
    TS.JPEG2000,
    `0000000c6a5020200d0a870a00000000ff4fff510029${'0000'}${'0000ea60'.repeat(2)}${'0'.repeat(48)}00010f0101`,
  ],
])('%s that says it is thousands of pixels wide is not given to its codec', async (_name, TransferSyntaxUID, hex) => {
  const bytes = Buffer.concat([Buffer.from(hex, 'hex'), Buffer.alloc(100)])
  const frame = { bytes, TransferSyntaxUID, attributes: ctAttributes, encapsulated: true, bitOffset: 0 }
  await expect(decodeFrame(frame)).rejects.toThrow('far larger image than the header says')
})

const rgbFrame = { rows: 4, columns: 4, samplesPerPixel: 3, planar: false, PhotometricInterpretation: 'RGB' }
const colours = (colour: number[]) => Uint8Array.from({ length: 48 }, (_, i) => colour[i % 3]!)

test('colours are what they are: RGB, YBR, palette', () => {
  const red = makeThumbnail({ ...rgbFrame, samples: colours([200, 10, 20]) }, {})
  expect(pixelAt(red, 64, 64)).toEqual([200, 10, 20])
  const ybr = { ...rgbFrame, PhotometricInterpretation: 'YBR_FULL', samples: colours([76, 85, 255]) }
  const [r, g, b] = pixelAt(makeThumbnail(ybr, {}), 64, 64)
  expect([r! > 250, g! < 4, b! < 4]).toEqual([true, true, true])
  const table = (values: number[]) => ({
    entries: values.length,
    first: 10,
    bits: 16,
    data: Buffer.from(Uint16Array.from(values).buffer).toString('base64'),
  })
  const palette = { red: table([0, 0xff00]), green: table([0, 0x8000]), blue: table([0xff00, 0]) }
  const indexed = {
    rows: 4,
    columns: 4,
    samplesPerPixel: 1,
    planar: false,
    PhotometricInterpretation: 'PALETTE COLOR',
    samples: new Uint8Array(16).fill(11),
  }
  expect(pixelAt(makeThumbnail(indexed, { PaletteColorLookupTable: palette }), 64, 64)).toEqual([255, 128, 0])
})

test('native YBR_FULL_422 and colour planes are taken apart as PS3.3 C.7.6.3.1 says', async () => {
  const native = { TransferSyntaxUID: '1.2.840.10008.1.2.1', encapsulated: false, bitOffset: 0 }
  const shape = { Rows: 1, Columns: 2, SamplesPerPixel: 3, BitsAllocated: 8 }
  const halved = { ...shape, PhotometricInterpretation: 'YBR_FULL_422' }
  const full = await decodeFrame({ ...native, attributes: halved, bytes: Uint8Array.of(1, 2, 7, 8) })
  expect([...toRGB(full!, halved)]).toEqual([
    ...toRGB({ ...full!, PhotometricInterpretation: 'YBR_FULL', samples: Uint8Array.of(1, 7, 8, 2, 7, 8) }, halved),
  ])
  const planes = { ...shape, PhotometricInterpretation: 'RGB', PlanarConfiguration: 1 }
  const mixed = await decodeFrame({ ...native, attributes: planes, bytes: Uint8Array.of(1, 2, 3, 4, 5, 6) })
  expect([...toRGB(mixed!, planes)]).toEqual([1, 3, 5, 2, 4, 6])
})

test('greys go through the window, MONOCHROME1 is inverted, and the image keeps its proportions', () => {
  const values = Uint16Array.from({ length: 64 * 32 }, () => 4000)
  const frame = {
    rows: 32,
    columns: 64,
    samplesPerPixel: 1,
    planar: false,
    PhotometricInterpretation: 'MONOCHROME2',
    samples: values,
  }
  const wide = makeThumbnail(frame, { WindowCenter: [1000], WindowWidth: [500] })
  expect(pixelAt(wide, 64, 64)).toEqual([255])
  expect(pixelAt(wide, 64, 20)).toEqual([0])
  const square = makeThumbnail(frame, { WindowCenter: [1000], WindowWidth: [500], PixelSpacing: [2, 1] })
  expect(pixelAt(square, 64, 20)).toEqual([255])
  const inverted = { PhotometricInterpretation: 'MONOCHROME1', WindowCenter: [1000], WindowWidth: [500] }
  expect(pixelAt(makeThumbnail(frame, inverted), 64, 64)).toEqual([0])
})

test('a real colour frame keeps its reds and blues when it is made small', () => {
  const frame = {
    rows: CINE.rows,
    columns: CINE.columns,
    samplesPerPixel: 3,
    planar: false,
    PhotometricInterpretation: 'RGB',
    samples: cineFrame(1),
  }
  const { pixels } = readPng(makeThumbnail(frame, {}))
  let red = 0
  for (let i = 0; i < pixels.length; i += 3) if (pixels[i]! > pixels[i + 2]! + 80) red++
  expect(red).toBeGreaterThan(40)
})

test('a decoder that hangs or breaks down costs that object its picture, and the others keep theirs', async () => {
  const dataDir = await temporaryFolder()
  const log = createLog('silent')
  const store = await openStore({ dataDir, log })
  const origin = { door: 'import', sourceAET: '', sendingAET: '', receivingAET: '', address: '' } as const
  for (const number of [1, 2, 3]) {
    const receive = store.beginReceive({
      origin,
      SOPClassUID: '',
      SOPInstanceUID: '',
      TransferSyntaxUID: '1.2.840.10008.1.2.1',
    })
    const SeriesInstanceUID = `2.25.1002.${number}`
    await receive.write(dataSetBytes(smallCT({ SOPInstanceUID: `2.25.${number}`, SeriesInstanceUID })))
    await receive.commit()
  }
  const thread = new URL('./rudeThread.ts', import.meta.url)
  const background = startBackground({ store, log, startThread: () => startThread<WorkApi>(thread), patienceMs: 3000 })
  onTestFinished(async () => {
    await background.close()
    await store.close()
  })
  while ((await store.read.pendingWork(1)).length > 0) await new Promise(resolve => setTimeout(resolve, 20))
  const manifests = await Promise.all([1, 2, 3].map(n => store.read.getManifest('2.25.1001', `2.25.1002.${n}`)))
  expect(manifests.map(({ instances }) => instances[0]?.unshowable)).toEqual([
    'The pixels could not be decoded in any sensible time.',
    'The decoder broke down on these pixels.',
    undefined,
  ])
})

test('12-bit lossy JPEG, sequential and progressive, is decoded as libjpeg does it', async () => {
  const folder = await temporaryFolder()
  const source = join(folder, 'source.dcm')
  await writeFile(source, fileOf([...ctTorso(size)][1]!))
  for (const process of ['+ee', '+es', '+ep']) {
    const [coded, plain] = [join(folder, 'coded.dcm'), join(folder, 'plain.dcm')]
    expect(await dcmtk('dcmcjpeg', process, '+q', '90', source, coded)).toMatchObject({ code: 0 })
    expect(await dcmtk('dcmdjpeg', coded, plain)).toMatchObject({ code: 0 })
    const [file, witness] = [await readFile(coded), await readFile(plain)]
    const meta = readFileMeta(file)!
    const decoded = await decodeFrame({
      bytes: encapsulatedFragments(file.subarray(meta.dataSetOffset)),
      TransferSyntaxUID: meta.TransferSyntaxUID,
      attributes: ctAttributes,
      encapsulated: true,
      bitOffset: 0,
    })
    const expected = nativeFrame(witness.subarray(witness.length - 128 * 128 * 2), ctAttributes)
    expect(decoded!.samples).toEqual(expected.samples)
  }
})

test('doses of 32 bits are the same values little endian, big endian and run-length encoded', async () => {
  const doses = sharedFiles().filter(({ name }) => /pydicom\/test_files\/rtdose(_expb|_rle)?_1frame\.dcm$/.test(name))
  const read = async ({ path }: { path: string }) => {
    const file = await readFile(path)
    const meta = readFileMeta(file)!
    const dataSet = file.subarray(meta.dataSetOffset)
    const { attributes, pixels, encoding } = readInstanceHeader(dataSet, meta.TransferSyntaxUID)
    const encapsulated = pixels!.undefinedLength
    const bytes = encapsulated
      ? encapsulatedFragments(dataSet)
      : Buffer.from(dataSet.subarray(pixels!.valueOffset, pixels!.valueOffset + pixels!.length))
    if (!encoding.littleEndian) Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).swap32()
    const frame = { bytes, TransferSyntaxUID: meta.TransferSyntaxUID, attributes, encapsulated, bitOffset: 0 }
    return [...(await decodeFrame(frame))!.samples]
  }
  const [first, ...others] = await Promise.all(doses.map(read))
  for (const other of others) expect(other).toEqual(first)
})

test('damaged pixels end in a sentence', async () => {
  const { work, settled, everything } = await openWork()
  const folder = await temporaryFolder()
  const short = part10(dataSetBytes(smallCT({ PixelData: Uint16Array.of(1, 2, 3) })))
  await writeFile(join(folder, 'short.dcm'), short)
  await ended(work, work.startImport([folder]))
  await settled()
  const [found] = await everything()
  expect(found!.thumbnail).toBeNull()
  expect(found!.unshowable).toMatch(/^[A-Z].*\.$/)
})

test(`every file of ${sharedDataFolder} (where present) ends with a thumbnail or with what is known of it`, {
  timeout: 300_000,
}, async () => {
  const { work, settled, everything } = await openWork()
  const files = sharedFiles()
  if (files.length === 0) return
  const job = await ended(work, work.startImport(files.map(({ path }) => path)))
  expect(job).toMatchObject({ state: 'done', error: null })
  expect(job.done).toBe(files.length)
  await settled()
  const all = await everything()
  const images = all.filter(({ unshowable }) => !unshowable)
  expect(all.length).toBeGreaterThan(files.length / 2)
  const bare = images.filter(({ thumbnail }) => !thumbnail).map(({ object }) => object.TransferSyntaxUID)
  expect(bare).toEqual([])
})
