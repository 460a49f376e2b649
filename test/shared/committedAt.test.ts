import { expect, test } from 'vitest'
import { committedAt, configSchema } from '../../shared/config.ts'

const route = { kind: 'dicomweb', url: 'https://pacs.example/dicom-web' }
const where = (config: object) => {
  const parsed = configSchema.parse(config)
  return committedAt(parsed, parsed.destinations)
}

test('storage commitment waits for the first archive where there is one, for another one or for none as configured', () => {
  const destinations = ['PACS', 'Research'].map(name => ({ name, route }))
  expect(where({})).toBe(null)
  expect(where({ destinations })).toBe('PACS')
  expect(where({ destinations, commitment: { confirmedAt: 'Research' } })).toBe('Research')
  expect(where({ destinations, commitment: 'local' })).toBe(null)
})
