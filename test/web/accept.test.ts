import { describe, expect, test } from 'vitest'
import { covers, dicomRange, parseAccept } from '../../electron/station/web/accept.ts'

describe('an Accept header', () => {
  test('that is absent or empty takes anything', () => {
    for (const header of [null, undefined, '', '  '])
      expect(parseAccept(header)).toEqual([{ type: '*/*', parameters: {}, q: 1 }])
  })

  test('is ordered by weight, equal ones as written, refused ones left out', () => {
    const types = parseAccept('text/html;q=0.2, image/png, image/jpeg;q=0, application/dicom;q=0.9, image/gif').map(
      r => r.type,
    )
    expect(types).toEqual(['image/png', 'image/gif', 'application/dicom', 'text/html'])
  })

  test('may quote, also what would separate', () => {
    expect(parseAccept('Multipart/Related; TYPE="application/dicom"; boundary="a,b;c\\"d"; transfer-syntax=*')).toEqual(
      [
        {
          type: 'multipart/related',
          parameters: { 'type': 'application/dicom', 'boundary': 'a,b;c"d', 'transfer-syntax': '*' },
          q: 1,
        },
      ],
    )
  })

  test.each([';;,,', 'nonsense', 'a/b/c', 'image/png;q=x', 'image/png;q=2', '"', ','.repeat(100_000)])(
    '%j takes nothing',
    header => {
      expect(parseAccept(header)).toEqual([])
    },
  )
})

describe('as a question for DICOM', () => {
  const first = (header: string) => parseAccept(header).map(dicomRange)[0]

  test.each([
    ['*/*', { multipart: true, type: '*/*', transferSyntax: undefined }],
    ['application/dicom', { multipart: false, type: 'application/dicom', transferSyntax: undefined }],
    ['application/dicom; transfer-syntax=*', { multipart: false, type: 'application/dicom', transferSyntax: '*' }],
    [
      'multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.4.50',
      { multipart: true, type: 'application/dicom', transferSyntax: '1.2.840.10008.1.2.4.50' },
    ],
    [
      'multipart/related; type=application/octet-stream; transfer-syntax=*',
      { multipart: true, type: 'application/octet-stream', transferSyntax: '*' },
    ],
    [
      'multipart/related; type="image/jpeg;transfer-syntax=*"',
      { multipart: true, type: 'image/jpeg', transferSyntax: '*' },
    ],
    ['multipart/related', { multipart: true, type: '*/*', transferSyntax: undefined }],
    ['multipart/form-data', undefined],
  ])('%s', (header, expected) => {
    expect(first(header)).toEqual(expected && { ...expected, q: 1 })
  })

  test('wildcards cover', () => {
    expect(covers('*/*', 'image/png')).toBe(true)
    expect(covers('image/*', 'image/png')).toBe(true)
    expect(covers('image/png', 'image/png')).toBe(true)
    expect(covers('imag/*', 'image/png')).toBe(false)
    expect(covers('image/jpeg', 'image/png')).toBe(false)
  })
})
