import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

/**
 * Several at a time (build/test.mjs), the longest first: their figures mean nothing at this size, and half of it is waiting. Each
 * ends with 0 only when all that was answered with Success is there: what it counts and compares it checks as well.
 */
test.concurrent.each([
  [
    'view',
    [],
    [
      'list to first image',
      'cold boot to',
      'another series, shown before: ',
      'read ahead, hung by hand: ',
      'hung by protocol: ',
    ],
  ],
  ['mpr', [], ['a page of the coronal plane: p50', 'through 20 mm (MIP): p50', 'cached  first plane']],
  [
    'ingest',
    [],
    ['Isocenter / Orthanc: ', 'Isocenter / storescp: ', 'Isocenter syncs for an image', 'event loop late p99'],
  ],
  ['ingest-scale', ['--long'], ['to quiet', 'Isocenter / Orthanc: ']],
  ['receive-while-scrolling', [], ['10 associations push  frame p50', 'p95 beside / alone: ']],
  ['ingest', ['--slow-disk'], ['10 associations: ', 'the query beside: median']],
  ['ingest', ['--memory'], ['50 objects of 3.9 MB over 50: peak']],
  ['ingest-scale', [], ['100 %', 'ready again after a stop: ']],
  ['restart', [], ['wait to settle', 'after a kill, pages in memory: ', 'after a stop, no page in memory: ']],
  ['index', [], ['cold, first search: name prefix', 'middle of a name']],
  ['find', [], ['7 days and CT (15 rows)', 'C-FIND   Isocenter / Orthanc: ', 'QIDO-RS  Isocenter / Orthanc: ']],
  ['find', ['--alone', '--studies', '2000'], ['accession number (1 rows', 'QIDO-RS  p50']],
  ['audit', [], ['µs of the main loop', 'a record that is waited for: p50', 'whole', 'looked through in vain']],
  ['retrieve', [], ['C-GET: Isocenter / Orthanc', 'C-MOVE: Isocenter / Orthanc', 'WADO-RS: Isocenter / Orthanc']],
  ['outbox', [], ['leased, sent, leased, confirmed: ', 'a new destination looks at']],
  ['push', [], ['STOW-RS: Isocenter / curl', 'C-STORE: Isocenter / storescu', 'longest pause of the loop']],
  ['confirm', [], ['study proved equal: p50', 'sent and proved equal at', 'Orthanc holds ']],
  ['central', [], ['single, studies of ten: ', 'many, one study: ']],
  ['watch', [], ['first: ', 'again: ', '1 read']],
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
