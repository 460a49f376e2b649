import { describe, expect, test } from 'vitest'
import { isBoundary, MultipartReader } from '../../electron/station/base/multipart.ts'
import { createRandom } from '../faults/random.ts'

async function* inPieces(body: Buffer, size: (at: number) => number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.length; ) {
    const length = Math.max(1, size(at))
    yield body.subarray(at, at + length)
    at += length
  }
}

async function partsOf(body: Buffer | string, boundary: string, size: (at: number) => number = () => 1e6) {
  const reader = new MultipartReader(inPieces(Buffer.from(body), size), boundary)
  const parts: Array<{ headers: Record<string, string>; body: string }> = []
  for (let part = await reader.next(); part; part = await reader.next()) {
    const chunks: Buffer[] = []
    for await (const chunk of part.body) chunks.push(Buffer.from(chunk))
    parts.push({ headers: Object.fromEntries(part.headers), body: Buffer.concat(chunks).toString('latin1') })
  }
  return parts
}

describe('a multipart body', () => {
  const usual = '--b\r\nContent-Type: application/dicom\r\nX: 1\r\n\r\nfirst\r\n--b\r\n\r\nsecond\r\n--b--\r\n'

  test.each([1, 2, 3, 7, 1000])('comes in pieces of %i bytes as it comes whole', async size => {
    expect(await partsOf(usual, 'b', () => size)).toEqual([
      { headers: { 'content-type': 'application/dicom', 'x': '1' }, body: 'first' },
      { headers: {}, body: 'second' },
    ])
  })

  test.each([
    ['a preamble and an epilogue', 'nothing\r\nof it\r\n--b\r\n\r\nx\r\n--b--\r\nnor this\r\n--b\r\n', ['x']],
    ['white space behind a boundary', '--b \t\r\n\r\nx\r\n--b  \r\n\r\ny\r\n--b--', ['x', 'y']],
    ['an empty part', '--b\r\n\r\n\r\n--b\r\nA: b\r\n\r\n\r\n--b--', ['', '']],
    ['an empty part without its line break', '--b\r\n\r\n--b\r\n\r\nx\r\n--b--', ['', 'x']],
    [
      'what only looks like a boundary',
      '--b\r\n\r\nx\r\n--by\r\n--bb--\r\n-- b\r\n--b-\r\n--b--',
      ['x\r\n--by\r\n--bb--\r\n-- b\r\n--b-'],
    ],
    ['bare line feeds and returns', '--b\r\n\r\n\n--b\n\r--b\r\r\n--b--', ['\n--b\n\r--b\r']],
    ['line breaks that belong to the part', '--b\r\n\r\n\r\nx\r\n\r\n\r\n--b--', ['\r\nx\r\n\r\n']],
    ['folded headers', '--b\r\nContent-Type:\r\n application/dicom\r\n\r\nx\r\n--b--', ['x']],
    ['no part at all', '--b--', []],
  ])('with %s', async (_, body, expected) => {
    for (const size of [1, 5, 1000]) {
      expect((await partsOf(body, 'b', () => size)).map(part => part.body)).toEqual(expected)
    }
  })

  test.each([
    ['ends in a part', '--b\r\n\r\nhalf of'],
    ['ends before its last boundary is whole', '--b\r\n\r\nx\r\n--b-'],
    ['ends in a part’s headers', '--b\r\nContent-Type: app'],
    ['has no boundary', 'x'.repeat(200_000)],
    ['is empty', ''],
    ['has headers without end', `--b\r\n${'X: 1\r\n'.repeat(5000)}`],
    ['has another boundary', '--c\r\n\r\nx\r\n--c--\r\n'],
  ])('that %s is said to be damaged', async (_, body) => {
    for (const size of [3, 100_000]) {
      await expect(partsOf(body, 'b', () => size)).rejects.toMatchObject({ code: 'malformed' })
    }
  })

  test('whose part nobody reads goes on with the next', async () => {
    const reader = new MultipartReader(
      inPieces(Buffer.from(usual), () => 4),
      'b',
    )
    await reader.next()
    const second = await reader.next()
    expect(second?.headers.size).toBe(0)
  })

  test('of any bytes, cut anywhere, gives back what went in', async () => {
    const random = createRandom(5)
    const alphabet = ['\r', '\n', '-', 'b', '\r\n', '--', '--b', '\r\n--', '\r\n--b', 'x', '\0', ' ']
    for (let round = 0; round < 300; round++) {
      const bodies = Array.from({ length: 1 + Math.floor(random() * 4) }, () =>
        Array.from({ length: Math.floor(random() * 30) }, () => alphabet[Math.floor(random() * alphabet.length)]).join(
          '',
        ),
      ).filter(body => !/(^|\r\n)--b(--|[ \t]*\r\n|[ \t]*$)/.test(`\r\n${body}\r\n`))
      if (bodies.length === 0) continue
      const text = `${bodies.map(body => `--b\r\nA: b\r\n\r\n${body}\r\n`).join('')}--b--`
      const got = await partsOf(Buffer.from(text, 'latin1'), 'b', () => 1 + Math.floor(random() * 20))
      expect(got.map(part => part.body)).toEqual(bodies)
    }
  })
})

test('boundaries are as RFC 2046 has them', () => {
  for (const good of ['b', '----WebKitFormBoundary7MA4YWxkTrZu0gW', "a'b()+_,-./:=?", 'a b', 'x'.repeat(70)]) {
    expect(isBoundary(good)).toBe(true)
  }
  for (const bad of ['', 'x'.repeat(71), 'a ', 'ä', 'a\r\nb', '"q"', 'a;b']) expect(isBoundary(bad)).toBe(false)
})
