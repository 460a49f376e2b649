import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Station, startStation } from '../../electron/station/station.ts'
import { configSchema } from '../../shared/config.ts'
import type { CallIn, CallName, CallOut, JobSummary } from '../../shared/contract.ts'
import { writeFileMeta } from '../../shared/dicom/part10.ts'
import { type FilmPrinter, startFilmPrinter } from '../fixtures/filmPrinter.ts'
import { CT_IMAGE, ctSlice } from '../store/objects.ts'
import { KEY, silentLog } from '../web/counter.ts'

/** What leaves a station by other ways than images: films, results, a program that is told of a study. */
const STUDY = '2.25.1000.1'
let folder: string
let station: Station
let printer: FilmPrinter

const post = (name: CallName, input: unknown) =>
  fetch(`http://127.0.0.1:${station.httpPort}/api/${name}`, {
    method: 'POST',
    headers: { 'authorization': `Api-Key ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify(input),
  })
async function call<N extends CallName>(name: N, input: CallIn<N>): Promise<CallOut<N>> {
  const response = await post(name, input)
  if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`)
  return (await response.json()) as CallOut<N>
}
async function ended({ id }: JobSummary): Promise<JobSummary> {
  for (;;) {
    const job = (await call('jobs.list', {})).jobs.find(one => one.id === id)
    if (job && job.state !== 'running') return job
    await wait(20)
  }
}

/** Writes what it was given, a line each, and ends. */
const PROGRAM = `#!/bin/sh
for word in "$@"; do printf '%s\\n' "$word"; done > "$0.told.new"
mv "$0.told.new" "$0.told"
`

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-outlets-'))
  printer = await startFilmPrinter()
  const program = path.join(folder, 'dictate')
  await writeFile(program, PROGRAM)
  await chmod(program, 0o755)
  const argv = [program, '--open', '{AccessionNumber}', '{PatientName}', 'plain {PatientID}']
  station = await startStation({
    dataDir: folder,
    key: KEY,
    rendererDir: path.join(folder, 'renderer'),
    version: '0.0.0',
    config: configSchema.parse({
      httpPort: 0,
      dimsePort: 0,
      dictationCommands: [
        { name: 'Dictaphone', argv },
        { name: 'gone', argv: [path.join(folder, 'gone')] },
      ],
    }),
    log: silentLog,
  })
  const arriving = path.join(folder, 'arriving')
  await mkdir(arriving)
  for (const [study, more] of [
    [1, {}],
    [2, { AccessionNumber: '-rf', PatientName: '$(touch /tmp/never);`id` "x"' }],
    [3, { PatientName: '$(touch never);`id` "x" ; y' }],
  ] as const) {
    const slice = ctSlice(1, more, { study })
    const meta = writeFileMeta({
      MediaStorageSOPClassUID: CT_IMAGE,
      MediaStorageSOPInstanceUID: slice.SOPInstanceUID,
      TransferSyntaxUID: slice.TransferSyntaxUID,
    })
    await writeFile(path.join(arriving, slice.SOPInstanceUID), Buffer.concat([meta, slice.bytes]))
  }
  await ended(await call('import.start', { paths: [arriving] }))
})
afterAll(async () => {
  await station?.close()
  await printer?.stop()
  await rm(folder, { recursive: true, force: true })
})

const onFilm = { rows: 2, columns: 1, landscape: true, copies: 1 }
const picture = (Columns: number, Rows: number, level: (at: number) => number) =>
  Buffer.from(Uint8Array.from({ length: Columns * Rows }, (_, at) => level(at)))

test('films lie on the printer level by level as they were given, colour as grey, with layout, size and orientation', async () => {
  const { AET, port } = printer
  const one = { name: 'Film', AET, host: '127.0.0.1', port, filmSize: '14INX17IN', mediumType: 'BLUE FILM' } as const
  await call('print.setPrinters', { printers: [one] })
  expect((await call('print.printers', {})).printers).toMatchObject([{ ...one, identity: true, color: false }])
  const { id } = await call('print.begin', { printer: 'Film', layout: onFilm, films: 2 })
  const grey = picture(33, 20, at => (at * 7) % 256)
  const rgb = Buffer.from(Uint8Array.from({ length: 16 * 8 * 3 }, (_, at) => [255, 0, 0][at % 3]!))
  const give = (
    film: number,
    place: number,
    Columns: number,
    Rows: number,
    pixels: Buffer,
    SamplesPerPixel: 1 | 3 = 1,
    row = 0,
  ) =>
    call('print.picture', { id, film, place, Rows, Columns, SamplesPerPixel, row, pixels: pixels.toString('base64') })
  await give(0, 0, 33, 20, grey.subarray(0, 33 * 12))
  const start = () => call('print.start', { id, StudyInstanceUIDs: [STUDY] })
  await expect(start()).rejects.toThrow('bad-request')
  await expect(give(0, 0, 33, 20, grey.subarray(33 * 13), 1, 13)).rejects.toThrow('bad-request')
  await give(0, 0, 33, 20, grey.subarray(33 * 12), 1, 12)
  await give(0, 1, 16, 8, rgb, 3)
  await give(
    1,
    0,
    16,
    8,
    picture(16, 8, () => 128),
  )
  await expect(
    give(
      1,
      2,
      16,
      8,
      picture(16, 8, () => 0),
    ),
  ).rejects.toThrow('bad-request')
  await expect(give(1, 1, 16, 8, picture(16, 8, () => 0).subarray(1))).rejects.toThrow('bad-request')
  const job = await ended(await start())
  expect(job).toMatchObject({ state: 'done', stored: 2, total: 2, title: '2 films to Film' })
  const { films, pictures } = await printer.printed()
  expect(films.map(film => [film.string('ImageDisplayFormat'), film.string('FilmOrientation')])).toEqual([
    ['STANDARD\\1,2', 'LANDSCAPE'],
    ['STANDARD\\1,2', 'LANDSCAPE'],
  ])
  expect(films[0]?.string('FilmSizeID')).toBe('14INX17IN')
  // The printer was told that the levels are P-values, and under which light they are seen.
  expect(films[0]?.items('ReferencedPresentationLUTSequence').length).toBe(1)
  expect(films[0]?.number('Illumination')).toBe(2000)
  const sizes = pictures.map(({ Columns, Rows }) => `${Columns}x${Rows}`)
  expect(sizes.sort()).toEqual(['16x8', '16x8', '33x20'])
  expect(pictures.find(({ Columns }) => Columns === 33)?.pixels.subarray(0, grey.length)).toEqual(grey)
  expect(pictures.flatMap(({ Columns, pixels }) => (Columns === 16 ? [pixels[5]] : [])).sort()).toEqual([128, 76])
  const { records } = await call('audit.list', { text: 'films to Film', limit: 10 })
  expect(records.length).toBe(1)
  expect(JSON.stringify(records)).toContain(STUDY)
  await expect(start()).rejects.toThrow('not-found')
})

test('a printer that cannot do what is asked, or is not there, says so in words', async () => {
  const { AET, port } = printer
  const base = { AET, host: '127.0.0.1', port } as const
  await call('print.setPrinters', {
    printers: [
      { ...base, name: 'Colour', color: true },
      { ...base, name: 'Nobody', port: 1 },
      { ...base, name: 'Film' },
    ],
  })
  const printOn = async (name: string, layout = onFilm) => {
    const { id } = await call('print.begin', { printer: name, layout, films: 1 })
    const pixels = picture(8, 8, at => at).toString('base64')
    await call('print.picture', { id, film: 0, place: 0, Rows: 8, Columns: 8, SamplesPerPixel: 1, row: 0, pixels })
    return ended(await call('print.start', { id, StudyInstanceUIDs: [STUDY] }))
  }
  expect(await printOn('Colour')).toMatchObject({ state: 'failed', error: expect.stringContaining('prints no colour') })
  expect(await printOn('Nobody')).toMatchObject({ state: 'failed', stored: 0 })
  const refused = await printOn('Film', { ...onFilm, rows: 7, columns: 5 })
  expect(refused).toMatchObject({ state: 'failed', error: expect.stringContaining('(0x0106), when asked for a film') })
  await expect(call('print.begin', { printer: 'none', layout: onFilm, films: 1 })).rejects.toThrow(
    'destination-unknown',
  )
})

test('a program of the configuration is told of a study word by word, no shell in between, and no other is started', async () => {
  const settings = { kind: 'command', url: '', folder: '', content: '', whenOpened: false } as const
  expect(await call('dictation.commands', {})).toEqual({ commands: ['Dictaphone', 'gone'] })
  const wrong = await post('dictation.set', { settings: { ...settings, command: '/bin/sh' } })
  expect(wrong.status).toBe(400)
  await call('dictation.set', { settings: { ...settings, command: 'Dictaphone' } })
  expect(await call('dictation.tell', { StudyInstanceUID: STUDY })).toEqual({ kind: 'command', url: '' })
  const told = path.join(folder, 'dictate.told')
  const words = async () => (await readFile(told, 'utf8').catch(() => '')).split('\n').slice(0, -1)
  await expect.poll(words, { timeout: 10_000 }).toEqual(['--open', 'ACC1', 'Müller^Anna', 'plain {PatientID}'])
  await rm(told)
  await call('dictation.tell', { StudyInstanceUID: '2.25.1000.3' })
  await expect.poll(async () => (await words())[2], { timeout: 10_000 }).toBe('$(touch never);`id` "x" ; y')
  expect(await readdir(folder)).not.toContain('never')
  // What would be read as a switch of the program is not handed over.
  expect((await post('dictation.tell', { StudyInstanceUID: '2.25.1000.2' })).status).toBe(400)
  await call('dictation.set', { settings: { ...settings, command: 'gone' } })
  const gone = await post('dictation.tell', { StudyInstanceUID: STUDY })
  expect([gone.status, await gone.text()]).toEqual([400, expect.stringContaining('does not start')])
})
