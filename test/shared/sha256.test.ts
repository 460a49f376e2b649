import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { sha256 } from '../../shared/viewing/selftest/sha256.ts'

test('SHA-256 of our own is everybody’s, of any length and script', () => {
  const texts = [
    '',
    'abc',
    'Ä ß 漢字 🩻',
    ...Array.from({ length: 130 }, (_, n) => 'x'.repeat(n)),
    'long '.repeat(40_000),
  ]
  for (const text of texts) expect(sha256(text)).toBe(createHash('sha256').update(text, 'utf8').digest('hex'))
})
