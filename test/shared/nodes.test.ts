import { expect, test } from 'vitest'
import { nodeMay, nodes } from '../../shared/config.ts'

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
