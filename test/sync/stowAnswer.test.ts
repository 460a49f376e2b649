import { expect, test } from 'vitest'
import { judgeAnswer, type Named, readStowAnswer } from '../../electron/station/sync/stowAnswer.ts'
import { statusWords, verdictOf } from '../../electron/station/sync/verdict.ts'

const uid = (value: string) => ({ vr: 'UI', Value: [value] })
const us = (value: number) => ({ vr: 'US', Value: [value] })

test.each([
  [0x0000, 'stored'],
  [0xb000, 'warning'],
  [0xb006, 'warning'],
  [0xb007, 'warning'],
  [0x0116, 'warning'],
  [0x0111, 'duplicate'],
  [0xa700, 'temporary'],
  [0xa7ff, 'temporary'],
  [0x0110, 'temporary'],
  [0x0124, 'temporary'],
  [0x0213, 'temporary'],
  [0x1234, 'temporary'],
  [0xa900, 'permanent'],
  [0xc000, 'permanent'],
  [0xc122, 'permanent'],
  [0x0122, 'permanent'],
  [0x0117, 'permanent'],
])('status %i is %s', (status, verdict) => expect(verdictOf(status)).toBe(verdict))

test('a status is told in words, with its number', () => {
  expect(statusWords(0xa700)).toBe('it is out of resources (0xA700)')
  expect(statusWords(0x9999)).toBe('answered 0x9999')
})

test('an answer in JSON names what was stored, what was not and why, and what was changed', () => {
  const answer = {
    '00081199': {
      vr: 'SQ',
      Value: [{ '00081155': uid('1.1\0') }, { '00081155': uid('1.2'), '00081196': us(0xb000) }],
    },
    '00081198': { vr: 'SQ', Value: [{ '00081155': uid('1.3'), '00081197': us(0xa700) }, { '00081197': us(1) }] },
  }
  const expected = new Map<string, Named>([
    ['1.3', { stored: false, failed: true, status: 0xa700 }],
    ['1.1', { stored: true, failed: false, status: 0 }],
    ['1.2', { stored: true, failed: false, status: 0xb000 }],
  ])
  expect(readStowAnswer(JSON.stringify(answer))).toEqual(expected)
  expect(readStowAnswer(JSON.stringify([answer]))).toEqual(expected)
})

test('an answer in XML names the same, whatever its namespace', () => {
  const xml = `<?xml version="1.0"?><n:NativeDicomModel xmlns:n="http://dicom.nema.org/PS3.19/models/NativeDICOM">
    <n:DicomAttribute tag="00081190" vr="UR"><n:Value number="1">http://x/1.9</n:Value></n:DicomAttribute>
    <n:DicomAttribute tag="00081198" vr="SQ"><n:Item number="1">
      <n:DicomAttribute tag="00081155" vr="UI"><n:Value number="1">1.3</n:Value></n:DicomAttribute>
      <n:DicomAttribute tag="00081197" vr="US"><n:Value number="1">43264</n:Value></n:DicomAttribute>
      <n:DicomAttribute tag="00081150" vr="UI"/></n:Item></n:DicomAttribute>
    <n:DicomAttribute tag="00081199" vr="SQ"><n:Item number="1">
      <n:DicomAttribute tag="00081155" vr="UI"><n:Value number="1">1.1</n:Value></n:DicomAttribute></n:Item><n:Item number="2">
      <n:DicomAttribute tag="00081155" vr="UI"><n:Value number="1">1.2</n:Value></n:DicomAttribute></n:Item></n:DicomAttribute>
  </n:NativeDicomModel>`
  expect(readStowAnswer(xml)).toEqual(
    new Map([
      ['1.3', { stored: false, failed: true, status: 0xa900 }],
      ['1.1', { stored: true, failed: false, status: 0 }],
      ['1.2', { stored: true, failed: false, status: 0 }],
    ]),
  )
})

test.each([
  '',
  'null',
  '[]',
  '17',
  '{',
  '<html>busy</html>',
  '{"00081199":{"Value":"1.1"}}',
  '<DicomAttribute tag="00081199"',
])('an answer that is %j names nothing', text => expect(readStowAnswer(text).size).toBe(0))

const posted = (more = {}) => ({ SOPInstanceUID: '1.1', begun: true, sent: true, ...more })
const named = (more: Partial<Named>) => new Map([['1.1', { stored: false, failed: false, status: 0, ...more }]])
const others = new Map([['1.2', { stored: true, failed: false, status: 0 }]])

test.each<[what: string, status: number, names: Map<string, Named>, more: object, of: number, judged: object]>([
  ['listed', 200, named({ stored: true }), {}, 3, { kind: 'listed', reason: '' }],
  ['listed whatever the status', 409, named({ stored: true }), {}, 3, { kind: 'listed' }],
  [
    'listed with a remark',
    200,
    named({ stored: true, status: 0xb000 }),
    {},
    3,
    { kind: 'listed', reason: 'it changed elements of it (0xB000)' },
  ],
  ['listed before it was sent', 200, named({ stored: true }), { sent: false }, 3, { kind: 'ambiguous' }],
  ['listed and failed', 202, named({ stored: true, failed: true, status: 0xa700 }), {}, 3, { kind: 'ambiguous' }],
  ['out of resources', 202, named({ failed: true, status: 0xa700 }), {}, 3, { kind: 'refused', permanent: false }],
  [
    'not understood, in a batch',
    202,
    named({ failed: true, status: 0xc000 }),
    {},
    3,
    { kind: 'refused', permanent: true },
  ],
  ['failed without a reason', 202, named({ failed: true }), {}, 3, { kind: 'refused', permanent: false }],
  ['there already', 409, named({ failed: true, status: 0x0111 }), {}, 1, { kind: 'ambiguous' }],
  ['200 that names others alone', 200, others, {}, 3, { kind: 'ambiguous' }],
  ['400 that names others alone', 400, others, {}, 3, { kind: 'ambiguous' }],
  ['200 that names nothing', 200, new Map(), {}, 1, { kind: 'ambiguous' }],
  ['a refused batch', 400, new Map(), {}, 3, { kind: 'refused', permanent: false }],
  ['a refused object', 400, new Map(), {}, 1, { kind: 'refused', permanent: true }],
  ['a conflict', 409, new Map(), {}, 1, { kind: 'refused', permanent: true }],
  ['a form it does not take', 415, new Map(), {}, 1, { kind: 'refused', permanent: false }],
  ['a refused key', 401, new Map(), {}, 1, { kind: 'unreached', reason: '401: our key was refused' }],
  ['a wrong address', 404, new Map(), {}, 1, { kind: 'unreached' }],
  ['elsewhere', 301, new Map(), {}, 1, { kind: 'unreached' }],
  ['too often', 429, new Map(), {}, 1, { kind: 'unreached' }],
  ['its own fault', 500, new Map(), {}, 1, { kind: 'ambiguous' }],
  ['a proxy without its server', 502, new Map(), {}, 3, { kind: 'ambiguous' }],
  ['out of service', 503, new Map(), {}, 3, { kind: 'ambiguous' }],
  ['a proxy that waited', 504, new Map(), {}, 3, { kind: 'ambiguous' }],
  ['a full disk', 507, new Map(), {}, 3, { kind: 'ambiguous', reason: '507: its disk is full' }],
  ['out of service before it was sent', 503, new Map(), { begun: false, sent: false }, 3, { kind: 'unreached' }],
])('%s', (_what, status, names, more, of, judged) => {
  expect(judgeAnswer(status, names, posted(more), of)).toMatchObject(judged)
})
