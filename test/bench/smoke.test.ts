import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { IsocenterError } from '../../shared/errors.ts'
import { openDoor } from '../dimse/harness.ts'
import { blast } from './blaster.ts'

/** Each ends with 0 only when all that was answered with Success is there: what it counts and compares it checks as well. */
test.each([
  [
    'ingest',
    [],
    ['Isocenter / Orthanc: ', 'Isocenter / storescp: ', 'Isocenter syncs for an image', 'event loop late p99'],
  ],
  ['ingest', ['--slow-disk'], ['10 associations: ', 'the query beside: median']],
  ['ingest', ['--memory'], ['50 objects of 3.9 MB over 50: peak']],
  ['ingest-scale', [], ['100 %', 'ready again after a stop: ']],
  ['ingest-scale', ['--long'], ['to quiet', 'Isocenter / Orthanc: ']],
  ['index', [], ['cold, first search: name prefix', 'middle of a name']],
  ['find', [], ['7 days and CT (15 rows)', 'C-FIND   Isocenter / Orthanc: ', 'QIDO-RS  Isocenter / Orthanc: ']],
  ['find', ['--alone', '--studies', '2000'], ['accession number (1 rows', 'QIDO-RS  p50']],
  ['receive-while-scrolling', [], ['10 associations push  frame p50', 'p95 beside / alone: ']],
  ['retrieve', [], ['C-GET: Isocenter / Orthanc', 'C-MOVE: Isocenter / Orthanc', 'WADO-RS: Isocenter / Orthanc']],
  ['outbox', [], ['leased, sent, leased, confirmed: ', 'a new destination looks at']],
  ['push', [], ['STOW-RS: Isocenter / curl', 'C-STORE: Isocenter / storescu', 'longest pause of the loop']],
  ['confirm', [], ['study proved equal: p50', 'sent and proved equal at', 'Orthanc holds ']],
  ['seed', [], ['complete and byte-equal: 20 of 20; after the resend: 20 of 20', 'changed by the resend: nothing']],
])(
  'bench -- %s --smoke %j',
  async (name, options, said) => {
    const file = path.join(import.meta.dirname, `${name}.ts`)
    const { stdout } = await promisify(execFile)(process.execPath, [file, '--smoke', ...options])
    for (const words of said) expect(stdout).toContain(words)
    expect(stdout).not.toContain('NaN')
  },
  600_000,
)

test('a sender whose object is refused says so instead of counting it', async () => {
  const { port, store } = await openDoor()
  store.failCommit = new IsocenterError('disk-full')
  const order = { port, calledAET: 'ISOCENTER', kind: 'tiny', associations: 2, run: 0, count: 4 } as const
  await expect(blast(order)).rejects.toThrow('ended with a700')
})

test('a resend is the same instances, another run is others', async () => {
  const { port, store } = await openDoor()
  const order = { port, calledAET: 'ISOCENTER', kind: 'tiny', associations: 3, count: 10 } as const
  await blast({ ...order, run: 0 })
  await blast({ ...order, run: 0 })
  expect(store.objects.size).toBe(10)
  await blast({ ...order, run: 1, own: true })
  expect(store.objects.size).toBe(20)
})
