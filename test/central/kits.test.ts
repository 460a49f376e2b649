import { execFileSync, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { dataSetBytes, part10, smallCT } from '../fixtures/oddFiles.ts'
import { databaseProgram, KITS, type Kit, stow as post, startKit, storedIn } from './kit.ts'

/** Each kit from its first image to the day an engine dies; the tests of one kit go on from the one before. */
const kits: Kit[] = []
let single: Kit
let many: Kit

afterAll(async () => {
  for (const kit of kits) await kit.close()
})

const uid = () => `2.25.${BigInt(`0x${randomUUID().replaceAll('-', '')}`)}`

interface Image {
  StudyInstanceUID: string
  SeriesInstanceUID: string
  SOPInstanceUID: string
  dataSet: Uint8Array
  file: Uint8Array
}

function image(): Image {
  const identity = { StudyInstanceUID: uid(), SeriesInstanceUID: uid(), SOPInstanceUID: uid() }
  const dataSet = dataSetBytes(smallCT(identity))
  return { ...identity, dataSet, file: part10(dataSet) }
}

/** Where an image is read from (PS3.18 §10.4). */
const placeOf = ({ StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }: Image) =>
  `/dicom-web/studies/${StudyInstanceUID}/series/${SeriesInstanceUID}/instances/${SOPInstanceUID}`

const stow = (kit: Kit, ...images: Image[]) =>
  post(
    kit,
    images.map(({ file }) => file),
  )

/** The data set is in the answer byte for byte; what stands before it is the server's own. */
async function expectThere(kit: Kit, one: Image): Promise<void> {
  const { status, body } = await kit.ask(placeOf(one), {
    headers: { accept: 'multipart/related; type="application/dicom"' },
  })
  expect(status).toBe(200)
  expect(body.includes(Buffer.from(one.dataSet))).toBe(true)
}

async function healthOf(kit: Kit, where: string): Promise<number> {
  return (await kit.ask(where, { bare: true })).status
}

async function becomes(look: () => Promise<number>, status: number): Promise<void> {
  await expect.poll(look, { timeout: 30_000 }).toBe(status)
}

/** storescu over TLS; its exit code. */
function send(kit: Kit, one: Image, callingAET: string, withCertificate = true): number | null {
  const file = path.join(kit.folder, 'one.dcm')
  writeFileSync(file, one.file)
  const own = [kit.peer.keyFile, kit.peer.certificateFile]
  const tls = [...(withCertificate ? ['+tls', ...own] : ['+tla']), '+cf', kit.authority.trustedFile]
  const args = ['--timeout', '10', ...tls, '-aet', callingAET, '-aec', 'CENTRAL', '127.0.0.1', String(kit.dicomTlsPort)]
  return spawnSync('storescu', [...args, file], { env: { ...process.env, TCP_NODELAY: '1' } }).status
}

test('one machine: images go in by STOW-RS over TLS and come back byte for byte, with the password alone', async () => {
  single = await startKit('single')
  kits.push(single)
  const [one, two] = [image(), image()]
  expect((await single.ask('/dicom-web/studies', { bare: true })).status).toBe(401)
  expect(storedIn(await stow(single, one, two))).toBe(2)
  await expectThere(single, one)
  await expectThere(single, two)
  expect(await healthOf(single, '/health')).toBe(204)
})

test('one machine: DICOM over TLS takes those who are on the list and have a certificate', async () => {
  const [one, two, three] = [image(), image(), image()]
  expect(send(single, one, 'ISOCENTER')).toBe(0)
  await expectThere(single, one)
  expect(send(single, two, 'STRANGER')).not.toBe(0)
  expect(send(single, three, 'ISOCENTER', false)).not.toBe(0)
  for (const refused of [two, three]) expect((await single.ask(`${placeOf(refused)}/metadata`)).status).toBe(404)
})

test('one machine: a backup is made, is whole, and can be put back', async () => {
  const backup = path.join(single.folder, 'backup')
  const env = { ...single.database, STORAGE: single.storage, BACKUP: backup, KEEP: '2' }
  const run = () =>
    execFileSync('sh', [path.join(KITS, 'base/backup.sh')], {
      env: { ...env, PATH: `${path.dirname(databaseProgram('pg_dump'))}:${process.env.PATH}` },
      stdio: 'pipe',
    })
  for (let i = 0; i < 3; i++) {
    run()
    // Their names are seconds.
    await wait(1100)
  }
  const dumps = globSync(path.join(backup, 'index/*.dump')).sort()
  expect(dumps).toHaveLength(2)
  const psql = (database: string, sql: string) =>
    execFileSync(databaseProgram('psql'), ['-At', '-c', sql], {
      env: { ...single.database, PGDATABASE: database },
      encoding: 'utf8',
    }).trim()
  psql('postgres', 'CREATE DATABASE restored')
  execFileSync(databaseProgram('pg_restore'), ['-d', 'restored', '--no-owner', dumps.at(-1)!], {
    env: single.database,
    stdio: 'pipe',
  })
  expect(psql('restored', 'SELECT count(*) FROM resources')).toBe(psql('orthanc', 'SELECT count(*) FROM resources'))
  const named = psql('restored', 'SELECT uuid FROM attachedfiles').split('\n')
  expect(named.length).toBeGreaterThanOrEqual(3)
  for (const uuid of named) {
    const file = path.join(uuid.slice(0, 2), uuid.slice(2, 4), uuid)
    expect(readFileSync(path.join(backup, 'storage', file)).equals(readFileSync(path.join(single.storage, file)))).toBe(
      true,
    )
  }
  expect(existsSync(path.join(backup, 'last-good'))).toBe(true)
  // A backup that fails says so and spoils nothing.
  rmSync(path.join(backup, 'last-good'))
  mkdirSync(path.join(backup, 'last-good'))
  expect(run).toThrow()
})

test('one machine: an engine that died is said, and is back when it is', async () => {
  await single.kill('orthanc')
  await becomes(() => healthOf(single, '/health'), 500)
  await single.start('orthanc')
  await becomes(() => healthOf(single, '/health'), 204)
  await single.close()
})

test('many: what the writer takes is read from any reader, and readers take nothing', async () => {
  many = await startKit('many')
  kits.push(many)
  const images = Array.from({ length: 10 }, image)
  expect(storedIn(await stow(many, ...images))).toBe(10)
  for (const one of images) await expectThere(many, one)
  for (const reader of ['reader1', 'reader2']) {
    const answer = await many.askEngine(reader, `${placeOf(images[0]!)}/metadata`)
    expect(answer.status).toBe(200)
    for (const method of ['POST', 'PUT', 'DELETE']) {
      expect((await many.askEngine(reader, '/instances', { method, body: image().file })).status).toBe(403)
    }
  }
  const one = image()
  expect(send(many, one, 'ISOCENTER')).toBe(0)
  await expectThere(many, one)
})

test('many: the writer dies and the health says so; reading goes on, nothing is taken, and it comes back', async () => {
  const [before, during, after] = [image(), image(), image()]
  expect(storedIn(await stow(many, before))).toBe(1)
  expect([await healthOf(many, '/health/writer'), await healthOf(many, '/health/readers')]).toEqual([204, 204])
  await many.kill('writer')
  await becomes(() => healthOf(many, '/health/writer'), 500)
  expect(await healthOf(many, '/health/readers')).toBe(204)
  for (let i = 0; i < 6; i++) await expectThere(many, before)
  expect((await stow(many, during)).status).toBe(502)
  expect((await many.ask(`${placeOf(during)}/metadata`)).status).toBe(404)
  await many.start('writer')
  await becomes(() => healthOf(many, '/health/writer'), 204)
  expect(storedIn(await stow(many, during, after))).toBe(2)
  await expectThere(many, during)
})

test('many: a reader that died is not noticed by those who read; without readers the health says so', async () => {
  const one = image()
  expect(storedIn(await stow(many, one))).toBe(1)
  await many.kill('reader1')
  for (let i = 0; i < 12; i++) await expectThere(many, one)
  expect(await healthOf(many, '/health/readers')).toBe(204)
  await many.kill('reader2')
  await becomes(() => healthOf(many, '/health/readers'), 500)
  expect(await healthOf(many, '/health/writer')).toBe(204)
})
