import { readdirSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { constants, deflateRawSync } from 'node:zlib'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { TS } from '../../shared/dicom/uids.ts'
import { encapsulate, type NewDataSet } from '../../shared/dicom/writer.ts'
import { CT_IMAGE, ctObject, part10 } from '../dimse/harness.ts'
import { type SendObject, sendBytes } from '../fakes/byteSender.ts'
import { elementHeader, nestedSequences } from '../fixtures/oddFiles.ts'
import type { RunningStation } from '../fixtures/station.ts'
import { contentsIn, inspect, metric, nothingLost, ownStation, report } from './inspect.ts'

interface ContentRow {
  uid: string
  flags: string
  unshowable: string | null
}

function contentFlags(station: RunningStation): Map<string, { flags: string[]; unshowable: string | null }> {
  const db = new Database(join(station.dataDir, 'index.sqlite'), { readonly: true })
  const rows = db
    .prepare<[], ContentRow>(
      'SELECT SOPInstanceUID AS uid, flags, unshowable FROM content JOIN instance ON instance.id = content.instance',
    )
    .all()
  db.close()
  return new Map(rows.map(({ uid, flags, unshowable }) => [uid, { flags: JSON.parse(flags), unshowable }]))
}

/** An object without its pixels, and `bytes` in their place. */
function withBytes(number: number, bytes: Uint8Array): SendObject {
  const object = ctObject(number)
  const pixels = Buffer.from(object.dataSet).indexOf(Buffer.from('e07f1000', 'hex'))
  return { ...object, dataSet: Buffer.concat([object.dataSet.subarray(0, pixels), bytes]) }
}

/** Sequences of defined lengths, one in the other: a reader that skips by length never sees them. */
function nestedByLength(levels: number, innermost = Buffer.alloc(0)): Buffer {
  let bytes = innermost
  for (let level = 0; level < levels; level++) {
    const item = Buffer.alloc(8)
    item.writeUInt32LE(0xe000fffe, 0)
    item.writeUInt32LE(bytes.length, 4)
    bytes = Buffer.concat([Buffer.from(elementHeader(0x00409096, 'SQ', bytes.length + 8)), item, bytes])
  }
  return bytes
}

const sequences = (levels: number) => {
  // The writer of fixtures uses (0008,1140): the same nesting above the groups of the image.
  const bytes = Buffer.from(nestedSequences(levels, true))
  for (let at = 0; at < levels * 20; at += 20) bytes.set([0x40, 0, 0x96, 0x90], at)
  return bytes
}

test('64, 1,000 and 20,000 levels of sequences: kept byte for byte, flagged so that they are not sent on, others untouched', async () => {
  const station = await ownStation()
  const levels = [64, 1000, 20_000]
  const deep = [
    ...levels.map((depth, n) => withBytes(10 + n, sequences(depth))),
    withBytes(20, nestedByLength(64)),
    withBytes(21, nestedByLength(1000)),
    withBytes(22, nestedByLength(20, sequences(20))),
  ]
  const plain = [ctObject(1), withBytes(2, sequences(31)), withBytes(3, nestedByLength(32))]
  const objects = [...deep, ...plain]
  const results = await sendBytes(objects, { port: station.dimsePort, associations: 4 })
  expect(results.map(({ status }) => status)).toEqual(objects.map(() => 0))
  const found = await inspect(station, objects)
  report('15', 'nesting of 64, 1,000 and 20,000 levels, by delimiters and by lengths', found)
  expect(found).toMatchObject(nothingLost)
  const flags = contentFlags(station)
  for (const { SOPInstanceUID } of deep) expect(flags.get(SOPInstanceUID)?.flags).toContain('deep-nesting')
  for (const { SOPInstanceUID } of plain) expect(flags.get(SOPInstanceUID)?.flags).not.toContain('deep-nesting')
  // What a viewer or a client asks of them is answered.
  const [{ study, series } = { study: '', series: '' }] = contentsIn(station.dataDir)
  for (const { SOPInstanceUID } of deep) {
    const where = `/dicom-web/studies/${study}/series/${series}/instances/${SOPInstanceUID}/metadata`
    expect((await station.get(where)).status).toBe(200)
  }
})

const SOC = Buffer.from('ff4fff51', 'hex')

/** The main header of a JPEG 2000 codestream of 60,000 × 60,000 samples (ITU-T T.800 A.5.1), and nothing behind it. */
function endlessJpeg2000(): Buffer {
  const siz = Buffer.alloc(39)
  siz.writeUInt16BE(41, 0)
  for (const [field, value] of [60_000, 60_000, 0, 0, 60_000, 60_000, 0, 0].entries()) {
    siz.writeUInt32BE(value, 4 + field * 4)
  }
  siz.writeUInt16BE(1, 36)
  siz.writeUInt8(15, 38)
  return Buffer.concat([SOC, siz, Buffer.from([1, 1]), Buffer.from('ff93', 'hex'), Buffer.alloc(64)])
}

/** PackBits of two planes (PS3.5 §G.5): `runs` runs of 128 each. */
function rleFrame(runs: number): Buffer {
  const header = Buffer.alloc(64)
  header.writeUInt32LE(2, 0)
  header.writeUInt32LE(64, 4)
  header.writeUInt32LE(64 + runs * 2, 8)
  return Buffer.concat([header, Buffer.alloc(runs * 4, Buffer.from([0x81, 0]))])
}

function encapsulated(number: number, TransferSyntaxUID: string, frame: Buffer, values: NewDataSet): SendObject {
  return ctObject(number, { PixelData: encapsulate([[frame]], { bot: false }), ...values }, TransferSyntaxUID)
}

test('bombs of deflate, RLE and JPEG 2000: kept as they are, never unpacked beyond the bounds, the station goes on', async () => {
  const station = await ownStation()
  const zeros = Buffer.alloc(300 << 20)
  const tails = [6, 1].map(level => deflateRawSync(zeros, { level }))
  /** The object, and behind it an element of so many zeros. */
  const deflated = (object: SendObject, tag: number, tail: Buffer): SendObject => {
    const head = Buffer.concat([object.dataSet, Buffer.from(elementHeader(tag, 'OB', zeros.length))])
    const dataSet = Buffer.concat([deflateRawSync(head, { finishFlush: constants.Z_SYNC_FLUSH }), tail])
    return { ...object, TransferSyntaxUID: TS.DeflatedExplicitVRLittleEndian, dataSet }
  }
  const bombs = [
    deflated(ctObject(1), 0xfffcfffc, tails[0]!),
    // Where the pixels should be, packed a thousandfold and two hundredfold.
    ...[2, 3, 4, 5].map(number => deflated(withBytes(number, Buffer.alloc(0)), 0x00431001, tails[number % 2]!)),
    encapsulated(6, TS.RLELossless, rleFrame(100), {
      SeriesInstanceUID: '1.2.826.0.1.3680043.10.6',
      Rows: 10_000,
      Columns: 12_000,
    }),
    encapsulated(7, TS.JPEG2000Lossless, endlessJpeg2000(), { SeriesInstanceUID: '1.2.826.0.1.3680043.10.7' }),
  ]
  const good = [ctObject(100), ctObject(101)]
  const before = await metric(station, 'process_resident_memory_bytes')
  const objects = [...bombs, ...good]
  const results = await sendBytes(objects, { port: station.dimsePort, associations: 6 })
  expect(results.map(({ status }) => status)).toEqual(objects.map(() => 0))
  let most = before
  const pending = () => {
    const db = new Database(join(station.dataDir, 'index.sqlite'), { readonly: true })
    const count = db.prepare<[], number>('SELECT count(*) FROM pending').pluck().get()
    db.close()
    return count
  }
  // Those that stand for their series are decoded for its picture.
  await expect
    .poll(
      async () => {
        most = Math.max(most, await metric(station, 'process_resident_memory_bytes'))
        const flags = contentFlags(station)
        return [pending(), ...[6, 7].map(number => flags.get(ctObject(number).SOPInstanceUID)?.unshowable ?? '')]
      },
      { timeout: 60_000 },
    )
    .toEqual([0, expect.stringContaining('not decoded'), expect.stringContaining('not decoded')])
  const grown = Math.round((most - before) / 2 ** 20)
  const found = await inspect(station, objects)
  report('16', `${bombs.length} bombs of 300 MB to 7 GB, memory grew by ${grown} MiB at most`, found)
  expect(found).toMatchObject(nothingLost)
  expect(grown).toBeLessThan(600)
  const flags = contentFlags(station)
  for (const { SOPInstanceUID } of good) expect(flags.get(SOPInstanceUID)?.unshowable).toBeNull()
}, 120_000)

test('lengths that lie by gigabytes inside a data set: what is there is kept and flagged, nothing is allocated', async () => {
  const station = await ownStation()
  const before = await metric(station, 'process_resident_memory_bytes')
  const lies = [0x7fffffff, 0x80000000, 0xfffffffe].flatMap((length, n) => [
    withBytes(10 + n, Buffer.from(elementHeader(0x00431001, 'OB', length))),
    withBytes(
      20 + n,
      Buffer.from([...elementHeader(0x00409096, 'SQ', length), 0xfe, 0xff, 0, 0xe0, 0xf0, 0xff, 0xff, 0x7f]),
    ),
    withBytes(30 + n, Buffer.concat([Buffer.from(elementHeader(0x7fe00010, 'OW', length)), Buffer.alloc(100)])),
  ])
  const results = await sendBytes(lies, { port: station.dimsePort, associations: 3 })
  expect(results.map(({ status }) => status)).toEqual(lies.map(() => 0))
  const found = await inspect(station, lies)
  report('14', `${lies.length} objects whose elements claim 2 to 4 GiB`, found)
  expect(found).toMatchObject(nothingLost)
  const flags = contentFlags(station)
  for (const { SOPInstanceUID } of lies) expect(flags.get(SOPInstanceUID)?.flags).toContain('truncated')
  expect((await metric(station, 'process_resident_memory_bytes')) - before).toBeLessThan(512 * 2 ** 20)
})

test('UIDs that are paths, too long, of letters or missing: refused in words; odd ones stored and flagged; no name on disk is theirs', async () => {
  const station = await ownStation()
  const withUID = (keyword: string, uid: string, number: number): SendObject => {
    const object = ctObject(number, { [keyword]: uid })
    return keyword === 'SOPInstanceUID' ? { ...object, SOPInstanceUID: uid } : object
  }
  const impossible = ['../../../../etc/passwd', '1.2.abc', `1.${'2'.repeat(70)}`, '', 'C:\\x', '1/2'].flatMap(
    (uid, n) =>
      ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID'].map((keyword, k) => withUID(keyword, uid, n * 3 + k)),
  )
  const odd = [withUID('SOPInstanceUID', '1.02.3', 100), withUID('SOPInstanceUID', '..', 101)]
  const results = await sendBytes([...impossible, ...odd], { port: station.dimsePort, associations: 2 })
  for (const { status, comment } of results.slice(0, impossible.length)) {
    expect([0xc000, 0x0117]).toContain(status)
    expect(comment).not.toBe('')
  }
  expect(results.slice(impossible.length).map(({ status }) => status)).toEqual([0, 0])
  const rows = contentsIn(station.dataDir)
  expect(rows.map(({ uid }) => uid).sort()).toEqual(['..', '1.02.3'])
  for (const [, { flags }] of contentFlags(station)) expect(flags).toContain('odd-uid')
  const names = readdirSync(station.dataDir, { recursive: true }).map(String)
  expect(names.filter(name => /passwd|\.\.|1\.02|abc/.test(name))).toEqual([])
  const db = new Database(join(station.dataDir, 'index.sqlite'), { readonly: true })
  expect(db.prepare('SELECT count(*) AS n FROM instance').get()).toEqual({ n: 2 })
  db.close()
  report('17', `${impossible.length} impossible and 2 odd UIDs; all impossible ones refused`, {
    acknowledged: 2,
    ...nothingLost,
  })
})

test('a file that is a program and an image: its preamble leaves the station as zeros, and it is told', async () => {
  const station = await ownStation()
  const folder = await mkdtemp(join(tmpdir(), 'isocenter-programs-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const starts = [Buffer.from('MZ'), Buffer.from('\x7fELF', 'latin1'), Buffer.from('#!/bin/sh\n')]
  const objects = [...starts, Buffer.from('II*\0')].map((_, n) => ctObject(n))
  for (const [n, object] of objects.entries()) {
    const file = part10(object)
    ;(starts[n] ?? Buffer.from('II*\0')).copy(file)
    await writeFile(join(folder, `${n}.dcm`), file)
  }
  await station.job(await station.call('import.start', { paths: [folder] }))
  const found = await inspect(station, objects)
  report('18', 'files that begin as MZ, ELF and a shell script, and as a TIFF', found)
  expect(found).toMatchObject({ ...nothingLost, acknowledged: 4 })
  const flags = contentFlags(station)
  for (const [n, { SOPInstanceUID }] of objects.entries()) {
    expect(flags.get(SOPInstanceUID)?.flags.includes('program-preamble')).toBe(n < 3)
  }
  for (const { uid, study, series, file, offset } of contentsIn(station.dataDir)) {
    const stored = await readFile(join(station.dataDir, file))
    expect(stored.subarray(offset, offset + 128).equals(Buffer.alloc(128))).toBe(true)
    const where = `/dicom-web/studies/${study}/series/${series}/instances/${uid}`
    const response = await station.get(where, { accept: 'application/dicom; transfer-syntax=*' })
    const bytes = Buffer.from(await response.arrayBuffer())
    expect(bytes.toString('latin1', 128, 132)).toBe('DICM')
    expect(bytes.subarray(0, 128).equals(Buffer.alloc(128))).toBe(true)
  }
})

test('unknown classes, syntaxes and character sets: stored as they come and given out byte for byte', async () => {
  const station = await ownStation()
  const unknown: SendObject[] = [
    ['1.3.6.1.4.1.99999.1', TS.ExplicitVRLittleEndian],
    ['1.2.840.113619.4.27', TS.ImplicitVRLittleEndian],
    [CT_IMAGE, '1.3.6.1.4.1.99999.2'],
    ['1.3.6.1.4.1.99999.1', '1.2.840.113619.5.2'],
  ].map(([SOPClassUID = '', TransferSyntaxUID = ''], n) => {
    const object = ctObject(n, { SOPClassUID, '00091010': { vr: 'UN', value: Uint8Array.of(1, 2, 3, 4) } })
    return { ...object, SOPClassUID, TransferSyntaxUID }
  })
  // Implicit in fact as well: what is declared is not what the writer wrote.
  const implicit = ctObject(1, { SOPClassUID: '1.2.840.113619.4.27' }, TS.ImplicitVRLittleEndian)
  unknown[1] = { ...implicit, SOPClassUID: '1.2.840.113619.4.27' }
  const names: Array<[string, Buffer]> = [
    ['', Buffer.from([0xb8, 0xd2, 0xd0, 0xdd])],
    ['NO SUCH SET', Buffer.from('M\xfcller', 'latin1')],
    ['ISO_IR 192', Buffer.from([0xff, 0xfe, 0x80, 0x41])],
    ['\\ISO 2022 IR 87', Buffer.from('1b2442', 'hex')],
    ['\\ISO 2022 IR 149', Buffer.from('Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7', 'latin1')],
  ]
  const charsets = names.map(([SpecificCharacterSet, name], n) => {
    const object = ctObject(50 + n, { SpecificCharacterSet, PatientName: 'N'.repeat(name.length) })
    const dataSet = Buffer.from(object.dataSet)
    name.copy(dataSet, dataSet.indexOf('N'.repeat(name.length)))
    return { ...object, dataSet }
  })
  const objects = [...unknown, ...charsets]
  const results = await sendBytes(objects, { port: station.dimsePort })
  expect(results.map(({ status }) => status)).toEqual(objects.map(() => 0))
  const found = await inspect(station, objects)
  report('19, 20', '4 unknown classes or syntaxes, 5 wrong, missing or multi-byte character sets', found)
  expect(found).toMatchObject({ ...nothingLost, acknowledged: 9 })
  expect((await station.get('/dicom-web/studies')).status).toBe(200)
})
