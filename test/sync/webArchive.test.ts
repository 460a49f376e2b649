import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { OutboxItem } from '../../electron/station/store/index.ts'
import type { SendOutcome } from '../../electron/station/sync/carrier.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { readFileMeta } from '../../shared/dicom/part10.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { ctObject, dcmtk, part10, temporaryFolder } from '../dimse/harness.ts'
import type { SendObject } from '../fakes/byteSender.ts'
import { smallDisk } from '../fixtures/smallDisk.ts'
import {
  carrierTo,
  digests,
  itemOf,
  md5Of,
  never,
  sha256Of,
  startArchive,
  unpaced,
  type WebArchive,
} from './harness.ts'

let archive: WebArchive
let next = 1000

beforeAll(async () => {
  archive = await startArchive()
})
afterAll(() => archive.close())

const viaOrthanc = () => carrierTo({ kind: 'dicomweb', url: archive.url, orthanc: archive.orthanc })
const viaWeb = () => carrierTo({ kind: 'dicomweb', url: archive.url })

/** Objects that nobody has sent yet. */
const fresh = (count: number, more = {}, syntax?: string) =>
  Array.from({ length: count }, () => ctObject(next++, more, syntax, 32))

/** What the outbox keeps of what was sent. */
function after(items: OutboxItem[], outcomes: SendOutcome[]): OutboxItem[] {
  return items.map(item => {
    const outcome = outcomes.find(one => one.contentId === item.contentId)
    if (outcome?.kind !== 'listed') throw new Error(`${outcome?.kind}: ${outcome?.reason}`)
    const { sentMd5, sentSha256 } = outcome
    return { ...item, state: 'sent', sentMd5, sentSha256 }
  })
}

async function fileOf({ SOPInstanceUID }: { SOPInstanceUID: string }): Promise<Buffer> {
  const found = await fetch(`${archive.orthanc}/tools/lookup`, { method: 'POST', body: SOPInstanceUID })
  const [{ ID }] = (await found.json()) as [{ ID: string }]
  return Buffer.from(await (await fetch(`${archive.orthanc}/instances/${ID}/file`)).arrayBuffer())
}

test('a post of several objects: each is listed, lies there byte for byte, and is shown to be equal both ways', async () => {
  const objects = [
    ...fresh(3),
    ...fresh(1, { PatientID: 'Müller', SpecificCharacterSet: 'ISO_IR 192' }),
    ...fresh(1, { PatientID: ' Müller ', SpecificCharacterSet: 'ISO_IR 192' }),
  ]
  const items = objects.map(object => itemOf(object))
  const carrier = viaOrthanc()
  const paced: number[] = []
  const outcomes = await carrier.send(items, async bytes => void paced.push(bytes), never)
  for (const [index, object] of objects.entries()) {
    const file = part10(object)
    expect(outcomes[index]).toEqual({
      ...{ contentId: items[index]?.contentId, kind: 'listed', reason: '' },
      ...{ sentMd5: md5Of(file), sentSha256: sha256Of(object.dataSet) },
    })
    expect((await fileOf(object)).equals(file)).toBe(true)
  }
  expect(paced.reduce((sum, bytes) => sum + bytes)).toBeGreaterThan(objects.length * 2048)
  const sent = after(items, outcomes)
  const equal = sent.map(({ contentId }) => ({ contentId, kind: 'there', proof: 'equal', reason: '' }))
  expect(await carrier.look(sent, 'equal', never)).toEqual(equal)
  expect(await viaWeb().look(sent, 'equal', never)).toEqual(equal)
  const present = equal.map(one => ({ ...one, proof: 'present' }))
  expect(await carrier.look(sent, 'present', never)).toEqual(present)
  expect(await viaWeb().look(sent, 'present', never)).toEqual(present)
  // After a lost index nobody knows what was sent: what lies here is compared.
  const forgotten = sent.map(item => ({ ...item, sentMd5: '', sentSha256: '' }))
  expect(await carrier.look(forgotten, 'equal', never)).toEqual(equal)
  expect(await viaWeb().look(forgotten, 'equal', never)).toEqual(equal)
})

test('where the checksums’ thread dies under a post all of it arrives, and what has none is looked for, not sent again', async () => {
  const items = fresh(3).map(object => itemOf(object))
  const carrier = viaOrthanc()
  let pieces = 0
  const dying = async () => {
    pieces += 1
    if (pieces === 4) await digests.close()
  }
  const outcomes = await carrier.send(items, dying, never)
  expect(outcomes[1]).toMatchObject({ kind: 'ambiguous', reason: 'its checksum could not be taken as it left' })
  expect(outcomes[2]).toMatchObject({ kind: 'listed' })
  const equal = items.map(({ contentId }) => ({ contentId, kind: 'there', proof: 'equal', reason: '' }))
  expect(await carrier.look(items, 'equal', never)).toEqual(equal)
})

test('what is not there is absent; at a wrong address nothing is said of it', async () => {
  const items = fresh(2).map(object => itemOf(object))
  const absent = items.map(({ contentId }) => ({ contentId, kind: 'absent', reason: '' }))
  for (const wanted of ['present', 'equal'] as const) {
    expect(await viaOrthanc().look(items, wanted, never)).toEqual(absent)
    expect(await viaWeb().look(items, wanted, never)).toEqual(absent)
    for (const wrong of [
      { kind: 'dicomweb', url: `${archive.orthanc}/elsewhere` },
      { kind: 'dicomweb', url: archive.url, orthanc: `${archive.orthanc}/elsewhere` },
    ] as const) {
      const looks = await carrierTo(wrong).look(items, wanted, never)
      expect(looks.map(({ kind }) => kind)).toEqual(['unknown', 'unknown'])
      expect(looks[0]?.reason).toContain('404')
    }
  }
})

test('what was moved is sent as it is shown, deflated or not', async () => {
  const plain = fresh(1)[0] as SendObject
  const [read] = fresh(1)
  const deflated = {
    ...(read as SendObject),
    TransferSyntaxUID: TS.DeflatedExplicitVRLittleEndian,
    dataSet: deflateRawSync((read as SendObject).dataSet),
  }
  const StudyInstanceUID = '1.2.826.0.1.3680043.10.77'
  const overlay = {
    at: Date.UTC(2026, 0, 2),
    values: { PatientID: 'RIGHT', PatientName: 'Right^One', StudyInstanceUID },
  }
  const items = [
    itemOf(plain, { overlay, StudyInstanceUID }),
    itemOf(deflated, {
      ...{ overlay, StudyInstanceUID, PatientID: 'SYNTHETIC-1', SeriesInstanceUID: '1.2.826.0.1.3680043.10.2' },
    }),
  ]
  const carrier = viaOrthanc()
  const sent = after(items, await carrier.send(items, unpaced, never))
  for (const item of sent) {
    const file = await fileOf(item)
    expect(md5Of(file)).toBe(item.sentMd5)
    if (item.TransferSyntaxUID === plain.TransferSyntaxUID) {
      const dataSet = DataSet.read(file.subarray(readFileMeta(file)?.dataSetOffset), encodingOf(item.TransferSyntaxUID))
      expect(dataSet.string('PatientName')).toBe('Right^One')
      expect(dataSet.items('OriginalAttributesSequence')).toHaveLength(1)
    }
  }
  const looks = await carrier.look(sent, 'equal', never)
  expect(looks.map(look => look.kind === 'there' && look.proof)).toEqual(['equal', 'equal'])
  const byWeb = await viaWeb().look(sent.slice(0, 1), 'equal', never)
  expect(byWeb).toMatchObject([{ kind: 'there', proof: 'equal' }])
})

test('what reached it as C-STORE was written anew there, and is equal all the same', async () => {
  const [object] = fresh(1, {
    OriginalAttributesSequence: [{ ReasonForTheAttributeModification: 'CORRECT', ModifyingSystem: 'other' }],
  }) as [SendObject]
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, part10(object))
  await dcmtk('storescu', '-aec', 'ORTHANC', '127.0.0.1', String(archive.port), file)
  expect((await fileOf(object)).equals(part10(object))).toBe(false)
  for (const carrier of [viaOrthanc(), viaWeb()]) {
    expect(await carrier.look([itemOf(object)], 'equal', never)).toMatchObject([
      { kind: 'there', proof: 'equal', reason: 'encoded anew, every element is equal' },
    ])
  }
})

test('other pixels under the same UID are listed by it, found out, taken away and healed', async () => {
  const [object] = fresh(1) as [SendObject]
  const older = { ...object, dataSet: Buffer.from(object.dataSet) }
  older.dataSet[older.dataSet.length - 9]! ^= 1
  const carrier = viaOrthanc()
  expect(await carrier.send([itemOf(older)], unpaced, never)).toMatchObject([{ kind: 'listed' }])
  const item = itemOf(object)
  const [sent] = after([item], await carrier.send([item], unpaced, never)) as [OutboxItem]
  const other = [{ kind: 'other', reason: 'it holds another version under this UID: PixelData' }]
  expect(await carrier.look([sent], 'equal', never)).toMatchObject(other)
  expect(await viaWeb().look([sent], 'equal', never)).toMatchObject(other)
  expect(await carrier.look([sent], 'present', never)).toMatchObject([{ kind: 'there', proof: 'present' }])
  expect(await viaWeb().remove(sent, never)).toBe(false)
  expect(await carrier.remove(sent, never)).toBe(true)
  expect(await carrier.look([sent], 'equal', never)).toMatchObject([{ kind: 'absent' }])
  after([item], await carrier.send([item], unpaced, never))
  expect(await carrier.look([sent], 'equal', never)).toMatchObject([{ kind: 'there', proof: 'equal' }])
})

test('what lies damaged there, or lies there no more, is noticed and healed', async () => {
  const storage = temporaryFolder()
  const own = await startArchive({ StorageDirectory: storage, MaximumStorageCacheSize: 0 })
  onTestFinished(() => own.close())
  const carrier = carrierTo({ kind: 'dicomweb', url: own.url, orthanc: own.orthanc })
  const [object, lost] = fresh(2) as [SendObject, SendObject]
  const items = [itemOf(object), itemOf(lost)]
  const sent = after(items, await carrier.send(items, unpaced, never))
  const files = readdirSync(storage, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  for (const [index, one] of [object, lost].entries()) {
    const entry = files.find(({ parentPath, name }) => readFileSync(join(parentPath, name)).equals(part10(one)))
    const path = join(entry?.parentPath ?? '', entry?.name ?? '')
    if (index === 1) rmSync(path)
    else writeFileSync(path, readFileSync(path).fill(0, 1000))
  }
  const looks = await carrier.look(sent, 'equal', never)
  expect(looks).toEqual(
    sent.map(({ contentId }) => ({ contentId, kind: 'absent', reason: 'its file there is damaged or gone' })),
  )
  for (const item of sent) expect(await carrier.remove(item, never)).toBe(true)
  after(items, await carrier.send(items, unpaced, never))
  expect(await carrier.look(sent, 'equal', never)).toMatchObject([{ proof: 'equal' }, { proof: 'equal' }])
})

test('a damaged object in a post is not listed; the others are', async () => {
  const [one, damaged, two] = fresh(3) as [SendObject, SendObject, SendObject]
  const broken = { ...damaged, dataSet: Buffer.alloc(500, 0xee) }
  const items = [one, two].map(object => itemOf(object))
  const rubbish = itemOf(broken)
  const outcomes = await viaWeb().send([items[0]!, rubbish, items[1]!], unpaced, never)
  expect(outcomes.map(({ kind }) => kind)).toEqual(['listed', 'ambiguous', 'listed'])
  const alone = await viaWeb().send([rubbish], unpaced, never)
  expect(alone).toMatchObject([{ kind: 'refused', permanent: true }])
})

test('what cannot be read here, or would end it, is not sent, and nothing else is held up', async () => {
  const [one, gone, deep] = fresh(3).map(object => itemOf(object)) as [OutboxItem, OutboxItem, OutboxItem]
  rmSync(gone.path)
  const outcomes = await viaWeb().send([gone, { ...deep, nestsTooDeep: true }, one], unpaced, never)
  expect(outcomes).toMatchObject([
    { contentId: gone.contentId, kind: 'refused', permanent: false },
    { contentId: deep.contentId, kind: 'refused', permanent: true },
    { contentId: one.contentId, kind: 'listed' },
  ])
})

test('a full disk: Orthanc answers 200, and what it had no room for is not taken for sent', async () => {
  const disk = smallDisk(6)
  const own = await startArchive({ StorageDirectory: disk.folder })
  onTestFinished(() => own.close())
  const carrier = carrierTo({ kind: 'dicomweb', url: own.url, orthanc: own.orthanc })
  const items = Array.from({ length: 20 }, () => itemOf(ctObject(next++, {}, TS.ExplicitVRLittleEndian, 512)))
  const outcomes = [
    ...(await carrier.send(items.slice(0, 10), unpaced, never)),
    ...(await carrier.send(items.slice(10), unpaced, never)),
  ]
  const listed = outcomes.filter(({ kind }) => kind === 'listed')
  expect(listed.length).toBeGreaterThan(4)
  expect(listed.length).toBe(await own.stored())
  const left = outcomes.filter(({ kind }) => kind !== 'listed')
  expect(left.length).toBeGreaterThan(5)
  for (const { kind } of left) expect(kind).toBe('ambiguous')
  const unsure = items.filter(({ contentId }) => left.some(one => one.contentId === contentId))
  for (const { kind } of await carrier.look(unsure, 'equal', never)) expect(kind).toBe('absent')
})

test('whether it works is told in words', async () => {
  expect(await viaOrthanc().tryOut(never)).toMatchObject({
    works: true,
    words: expect.stringMatching(/^Works: DICOMweb and Orthanc's own interface answered in \d+ ms\.$/),
  })
  const wrong = carrierTo({ kind: 'dicomweb', url: `${archive.orthanc}/elsewhere` })
  expect(await wrong.tryOut(never)).toEqual({
    works: false,
    words: `127.0.0.1:${archive.httpPort} was reached, but there is not a DICOMweb service (404).`,
  })
  const half = carrierTo({ kind: 'dicomweb', url: archive.url, orthanc: `${archive.orthanc}/elsewhere` })
  expect((await half.tryOut(never)).words).toMatch(/^DICOMweb works; .* was reached, but there is not Orthanc's own/)
})
