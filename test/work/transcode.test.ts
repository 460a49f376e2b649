import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { readFileMeta, writeFileMeta } from '../../shared/dicom/part10.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { isStorableUID, normaliseUID, TS, transferSyntax } from '../../shared/dicom/uids.ts'
import { keep, readPart10 } from '../dimse/archive.ts'
import { ctObject, dcmtk, part10 } from '../dimse/harness.ts'
import { type SharedFile, sharedFiles } from '../fixtures/sharedData.ts'
import { openWork, temporaryFolder } from './withWork.ts'

/** Who else decodes it. */
const DECODERS: Record<string, string[]> = {
  [TS.JPEGLossless]: ['dcmdjpeg'],
  [TS.JPEGLosslessSV1]: ['dcmdjpeg'],
  [TS.JPEGLSLossless]: ['dcmdjpls'],
  [TS.JPEGLSNearLossless]: ['dcmdjpls'],
  [TS.RLELossless]: ['dcmdrle'],
  [TS.JPEG2000Lossless]: ['gdcmconv', '--raw'],
}

async function openTranscoder() {
  const { store, work } = await openWork()
  /** A stored file's data set, in another syntax. */
  return async (file: Uint8Array, TransferSyntaxUID: string): Promise<Buffer> => {
    const { contentId } = await keep(store, file)
    const made = await work.transcode(await store.read.locateContent(contentId), TransferSyntaxUID)
    const bytes = Buffer.alloc(made.length)
    await made.read([bytes.subarray(0, 100), bytes.subarray(100)], 0)
    await made.remove()
    return bytes
  }
}

function explicit(bytes: Uint8Array): DataSet {
  return DataSet.read(bytes, encodingOf(TS.ExplicitVRLittleEndian))
}

/**
 * Every value but pixels and group lengths, by where it stands; the same for any layout of a data set. `as`: the bytes themselves, or,
 * where their order may be another, what they say in elements that PS3.6 knows.
 */
function values(dataSet: DataSet, as: 'bytes' | 'text' = 'bytes', path = ''): Array<[where: string, value: string]> {
  return dataSet.elements.flatMap((span): Array<[string, string]> => {
    const where = `${path}/${span.tag.toString(16)}`
    const isPrivate = (span.tag >>> 16) % 2 === 1
    if ((span.tag & 0xffff) === 0 || span.tag === 0x7fe00010 || (isPrivate && as === 'text')) return []
    if (dataSet.vrOf(span) === 'SQ')
      return dataSet.itemsOf(span).flatMap((item, i) => values(item, as, `${where}[${i}]`))
    const bytes = dataSet.bytesOf(span) ?? new Uint8Array()
    return [[where, as === 'text' ? dataSet.stringsOf(span).join('\\') : Buffer.from(bytes).toString('hex')]]
  })
}

/** What a vault takes. */
function whole(file: SharedFile): boolean {
  const bytes = readFileSync(file.path)
  const meta = readFileMeta(bytes)
  if (file.malformed || meta === null) return false
  const { dataSet } = readPart10(file.path)
  return ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID'].every(key =>
    isStorableUID(normaliseUID(dataSet.string(key))),
  )
}

test('real compressed files become the pixels that DCMTK and GDCM decode, all else as it was', async () => {
  const transcoded = await openTranscoder()
  const folder = await temporaryFolder()
  const compared = new Map<string, number>()
  for (const file of sharedFiles().filter(whole)) {
    const received = readPart10(file.path)
    const decoder = DECODERS[received.TransferSyntaxUID]
    if (!decoder) continue
    const plain = join(folder, 'plain.dcm')
    writeFileSync(plain, '')
    const [tool = '', ...flags] = decoder
    const other = await dcmtk(tool, ...flags, file.path, plain)
    const bytes = await transcoded(readFileSync(file.path), TS.ExplicitVRLittleEndian).catch((error: Error) => error)
    if (bytes instanceof Error) {
      // What nobody decodes is refused here, too.
      expect(other.code, `${file.name}: ${bytes.message}`).not.toBe(0)
      continue
    }
    if (other.code !== 0) continue
    const expected = readPart10(plain).dataSet
    const got = explicit(bytes)
    const planar = expected.number('PlanarConfiguration') === 1 && expected.number('SamplesPerPixel') === 3
    const same = got.string('PhotometricInterpretation') === expected.string('PhotometricInterpretation')
    if (planar || !same) continue
    const [pixels, wanted] = [got.bytes('PixelData')!, expected.bytes('PixelData')!]
    expect(Buffer.from(pixels).equals(wanted), file.name).toBe(true)
    const changed = new Set(['/280004', '/280006', '/7fe00001', '/7fe00002'])
    const kept = values(received.dataSet).filter(([where]) => !changed.has(where))
    expect(
      values(got).filter(([where]) => !changed.has(where)),
      file.name,
    ).toEqual(kept)
    compared.set(received.TransferSyntaxUID, (compared.get(received.TransferSyntaxUID) ?? 0) + 1)
  }
  if (sharedFiles().length > 0) expect(compared.size).toBe(Object.keys(DECODERS).length)
}, 300_000)

test('real uncompressed files: explicit, implicit, deflated and big endian hold the same values in either layout', async () => {
  const transcoded = await openTranscoder()
  let compared = 0
  for (const file of sharedFiles().filter(whole)) {
    const received = readPart10(file.path)
    const { encapsulated, deflated, bigEndian } = transferSyntax(received.TransferSyntaxUID)
    if (encapsulated || deflated || received.dataSet.damage || received.dataSet.truncated) continue
    const other =
      received.TransferSyntaxUID === TS.ImplicitVRLittleEndian ? TS.ExplicitVRLittleEndian : TS.ImplicitVRLittleEndian
    const bytes = await transcoded(readFileSync(file.path), other).catch((error: Error) => {
      throw new Error(`${file.name}: ${error.message}`)
    })
    const got = DataSet.read(bytes, encodingOf(other))
    expect(got.damage, file.name).toBeUndefined()
    const as = bigEndian ? 'text' : 'bytes'
    expect(values(got, as), file.name).toEqual(values(received.dataSet, as))
    if (!bigEndian)
      expect(
        Buffer.from(got.bytes('PixelData') ?? []).equals(received.dataSet.bytes('PixelData') ?? Buffer.alloc(0)),
        file.name,
      ).toBe(true)
    compared += 1
  }
  if (sharedFiles().length > 0) expect(compared).toBeGreaterThan(300)
}, 300_000)

test.each([
  ['deflated', '+td', 'dcmconv'],
  ['big endian', '+tb', 'dcmconv'],
])('%s becomes what DCMTK makes of it', async (_, flag, tool) => {
  const transcoded = await openTranscoder()
  const folder = await temporaryFolder()
  const [source, file] = [join(folder, 'a.dcm'), join(folder, 'b.dcm')]
  const object = ctObject(1, {
    ReferencedStudySequence: [{ ReferencedSOPInstanceUID: '1.2.3' }],
    RecommendedDisplayFrameRateInFloat: 2.5,
  })
  writeFileSync(source, part10(object))
  expect(await dcmtk(tool, flag, source, file)).toMatchObject({ code: 0 })
  const got = explicit(await transcoded(readFileSync(file), TS.ExplicitVRLittleEndian))
  const expected = explicit(object.dataSet)
  expect(values(got)).toEqual(values(expected))
  expect(Buffer.from(got.bytes('PixelData')!).equals(expected.bytes('PixelData')!)).toBe(true)
})

test.each([
  ['line by line', ['+il']],
  ['sample by sample', ['+is']],
  ['component by component', ['+in']],
])('JPEG-LS colours interleaved %s become pixel after pixel', async (_, flags) => {
  const transcoded = await openTranscoder()
  const folder = await temporaryFolder()
  const [source, file] = [join(folder, 'a.dcm'), join(folder, 'b.dcm')]
  const pixels = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => (i * 37) >> 2)
  const colour = {
    SamplesPerPixel: 3,
    PhotometricInterpretation: 'RGB',
    PlanarConfiguration: 0,
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
  }
  writeFileSync(source, part10(ctObject(1, { ...colour, PixelData: pixels }, undefined, 32)))
  const result = await dcmtk('dcmcjpls', ...flags, source, file)
  expect(result.code, result.output).toBe(0)
  const got = explicit(await transcoded(readFileSync(file), TS.ExplicitVRLittleEndian))
  expect(got.number('PlanarConfiguration')).toBe(0)
  expect(Buffer.from(got.bytes('PixelData')!).equals(pixels)).toBe(true)
})

test('a lossy JPEG of YBR_FULL_422 becomes RGB and goes on saying that it has lost', async () => {
  const transcoded = await openTranscoder()
  const folder = await temporaryFolder()
  const [source, file, plain] = ['a.dcm', 'b.dcm', 'c.dcm'].map(name => join(folder, name)) as [string, string, string]
  const pixels = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => 60 + Math.floor(i / 96) * 4 + (i % 3) * 10)
  const colour = {
    SamplesPerPixel: 3,
    PhotometricInterpretation: 'RGB',
    PlanarConfiguration: 0,
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
  }
  writeFileSync(source, part10(ctObject(1, { ...colour, PixelData: pixels }, undefined, 32)))
  expect(await dcmtk('dcmcjpeg', '+eb', source, file)).toMatchObject({ code: 0 })
  expect(readPart10(file).dataSet.string('PhotometricInterpretation')).toBe('YBR_FULL_422')
  expect(await dcmtk('dcmdjpeg', file, plain)).toMatchObject({ code: 0 })
  const got = explicit(await transcoded(readFileSync(file), TS.ExplicitVRLittleEndian))
  expect(got.string('PhotometricInterpretation')).toBe('RGB')
  expect(got.string('LossyImageCompression')).toBe('01')
  const expected = readPart10(plain).dataSet.bytes('PixelData')!
  const own = got.bytes('PixelData')!
  expect(own.length).toBe(expected.length)
  expect(Math.max(...own.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThanOrEqual(2)
})

test('a codestream of another image than the header says is refused', async () => {
  const transcoded = await openTranscoder()
  const folder = await temporaryFolder()
  const [source, file] = [join(folder, 'a.dcm'), join(folder, 'b.dcm')]
  writeFileSync(source, part10(ctObject(1)))
  expect(await dcmtk('dcmcjpeg', '+e1', source, file)).toMatchObject({ code: 0 })
  const { bytes, dataSet, ...meta } = readPart10(file)
  const span = dataSet.span('Rows')!
  bytes.writeUInt16LE(32, span.valueOffset)
  const changed = Buffer.concat([writeFileMeta(meta), bytes])
  await expect(transcoded(changed, TS.ExplicitVRLittleEndian)).rejects.toMatchObject({ code: 'malformed' })
})
