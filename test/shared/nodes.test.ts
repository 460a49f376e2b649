import { expect, test } from 'vitest'
import { titlesIn, wordsIn } from '../../renderer/network/lists.ts'
import { isNode, isStranger, mayBeCalled, nodeMay, nodes } from '../../shared/config.ts'

const pacs = { name: 'Main PACS', AET: 'PACS', host: 'pacs.hospital', port: 104 }

test('a configured node may what its rights say, from its addresses alone; a stranger nothing', () => {
  const known = nodes.parse([
    { ...pacs, rights: ['query', 'retrieve'], addresses: ['10.0.0.1'] },
    { ...pacs, name: 'Slicer', AET: 'SLICER' },
  ])
  expect(nodeMay('query', 'PACS', '10.0.0.1', known)).toBe(true)
  expect(nodeMay('query', 'PACS', '10.0.0.2', known)).toBe(false)
  expect(nodeMay('delete', 'PACS', '10.0.0.1', known)).toBe(false)
  expect(nodeMay('commitment', 'SLICER', '10.9.9.9', known)).toBe(true)
  expect(nodeMay('query', 'pacs', '10.0.0.1', known)).toBe(false)
  expect(nodeMay('query', 'STRANGER', '10.0.0.1', known)).toBe(false)
})

test('two nodes of one AE title are refused: a C-MOVE could not tell them apart', () => {
  expect(nodes.safeParse([pacs, { ...pacs, name: 'Other' }]).success).toBe(false)
  expect(nodes.safeParse([pacs, { ...pacs, AET: 'OTHER' }]).success).toBe(false)
  expect(nodes.safeParse([pacs, { ...pacs, AET: 'OTHER', name: 'Other' }]).success).toBe(true)
})

test('what comes under an AE title that a node also sends as is its own, with its addresses and its certificate, and has none of its rights', () => {
  const sha = 'ab'.repeat(32)
  const known = nodes.parse([{ ...pacs, sendsAs: ['PACS_OUT'], addresses: ['10.0.0.1'], certificates: [sha] }])
  expect(isNode('PACS_OUT', '10.0.0.1', known)).toBe(true)
  expect(isNode('PACS_OUT', '10.0.0.2', known)).toBe(false)
  expect(isStranger({ AET: 'PACS_OUT', address: '10.0.0.1' }, known)).toBe(false)
  expect(isStranger({ AET: 'PACS_IN', address: '10.0.0.1' }, known)).toBe(true)
  expect(mayBeCalled('PACS_OUT', undefined, known)).toBe(false)
  expect(mayBeCalled('PACS_OUT', sha, known)).toBe(true)
  expect(nodeMay('query', 'PACS', '10.0.0.1', known)).toBe(true)
  expect(nodeMay('query', 'PACS_OUT', '10.0.0.1', known)).toBe(false)
})

test('an AE title is one node’s, whether it is asked at it or sends under it', () => {
  const other = { ...pacs, AET: 'OTHER', name: 'Other' }
  expect(nodes.safeParse([{ ...pacs, sendsAs: ['OTHER'] }, other]).success).toBe(false)
  expect(
    nodes.safeParse([
      { ...pacs, sendsAs: ['OUT'] },
      { ...other, sendsAs: ['OUT'] },
    ]).success,
  ).toBe(false)
  expect(nodes.safeParse([{ ...pacs, sendsAs: ['OUT', 'PACS'] }, other]).success).toBe(true)
})

test('what a node also sends as is written with commas: an AE title may have a blank inside', () => {
  const sendsAs = titlesIn(' PACS OUT, PACS2;; ')
  expect(sendsAs).toEqual(['PACS OUT', 'PACS2'])
  expect(nodes.parse([{ ...pacs, sendsAs }])[0]?.sendsAs).toEqual(sendsAs)
  for (const wrong of ['SEVENTEEN_LETTERS', 'A\\B', ' ', 'Ä']) {
    expect(nodes.safeParse([{ ...pacs, sendsAs: [wrong] }]).success).toBe(false)
  }
  expect(nodes.parse([{ ...pacs, sendsAs: [' OUT '] }])[0]?.sendsAs).toEqual(['OUT'])
  expect(wordsIn('10.0.0.1 10.0.0.2, 10.0.0.3')).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3'])
})
