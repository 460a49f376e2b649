import { describe, expect, test } from 'vitest'
import { cookieName, decide } from '../../electron/station/web/gate.ts'

const key = 'k3y+/=%;'
const port = 11180
const cookie = `other=1; ${cookieName(port)}=${encodeURIComponent(key)}`

function knock(path: string, headers: Record<string, string> = {}, method = 'GET', host = `127.0.0.1:${port}`) {
  return decide({ method, url: new URL(`http://${host}${path}`), headers: new Headers(headers) }, { key, port })
}

describe('a key in the Authorization header', () => {
  test.each([
    ['Api-Key', `Api-Key ${key}`],
    ['Bearer', `Bearer ${key}`],
    ['any case', `API-KEY ${key}`],
    ['Basic, any user', `Basic ${Buffer.from(`anybody:${key}`).toString('base64')}`],
  ])('%s lets in', (_, authorization) => {
    expect(knock('/api/studies.list', { authorization }, 'POST')).toEqual({ kind: 'enter' })
  })

  test.each([
    ['a wrong key', 'Api-Key nope'],
    ['an empty key', 'Api-Key '],
    ['a beginning of the key', `Bearer ${key.slice(0, -1)}`],
    ['a longer key', `Bearer ${key}x`],
    ['Basic with the key as user', `Basic ${Buffer.from(`${key}:x`).toString('base64')}`],
    ['Basic without a colon', `Basic ${Buffer.from(key).toString('base64')}`],
    ['another scheme', `Digest ${key}`],
    ['the key alone', key],
  ])('%s does not', (_, authorization) => {
    expect(knock('/', { authorization })).toEqual({ kind: 'refuse', code: 'unauthorized' })
  })

  test('decides alone: a wrong one is not healed by a good cookie', () => {
    const headers = { 'authorization': 'Api-Key nope', cookie, 'sec-fetch-site': 'same-origin' }
    expect(knock('/', headers)).toEqual({ kind: 'refuse', code: 'unauthorized' })
  })
})

describe('the cookie', () => {
  test('lets our own pages in', () => {
    expect(knock('/api/events', { cookie, 'sec-fetch-site': 'same-origin' })).toEqual({ kind: 'enter' })
  })

  test('lets a typed address in, on the start page only', () => {
    const typed = { cookie, 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }
    expect(knock('/', typed)).toEqual({ kind: 'enter' })
    expect(knock('/?rendering=cpu', typed)).toEqual({ kind: 'enter' })
    expect(knock('/dicom-web/studies', typed)).toEqual({ kind: 'refuse', code: 'forbidden-origin' })
    expect(knock('/', typed, 'POST')).toEqual({ kind: 'refuse', code: 'forbidden-origin' })
  })

  test.each(['same-site', 'cross-site', ''])('with Sec-Fetch-Site "%s" is another page', site => {
    const headers = { cookie, ...(site ? { 'sec-fetch-site': site } : {}) }
    expect(knock('/', headers)).toEqual({ kind: 'refuse', code: 'forbidden-origin' })
  })

  test('of another station on this machine does not count', () => {
    const other = `${cookieName(port + 1)}=${encodeURIComponent(key)}`
    expect(knock('/', { 'cookie': other, 'sec-fetch-site': 'same-origin' })).toEqual({
      kind: 'refuse',
      code: 'unauthorized',
    })
  })

  test('that cannot be decoded is none', () => {
    const headers = { 'cookie': `${cookieName(port)}=%E0%A4%A`, 'sec-fetch-site': 'same-origin' }
    expect(knock('/', headers)).toEqual({ kind: 'refuse', code: 'unauthorized' })
  })
})

describe('the printed address', () => {
  test('sets the cookie and goes on without the key', () => {
    const verdict = knock(`/?key=${encodeURIComponent(key)}`)
    expect(verdict).toEqual({
      kind: 'welcome',
      cookie: `${cookieName(port)}=${encodeURIComponent(key)}; Path=/; HttpOnly; SameSite=Strict`,
      location: '/',
    })
  })

  test('keeps what else it asks for', () => {
    expect(knock(`/?key=${encodeURIComponent(key)}&rendering=cpu`)).toMatchObject({ location: '/?rendering=cpu' })
  })

  test('with a wrong key, or elsewhere than on the start page, is refused', () => {
    expect(knock('/?key=nope')).toEqual({ kind: 'refuse', code: 'unauthorized' })
    expect(knock(`/api/events?key=${encodeURIComponent(key)}`)).toEqual({ kind: 'refuse', code: 'unauthorized' })
  })
})

describe('the Host header', () => {
  const authorization = `Api-Key ${key}`
  test.each(['127.0.0.1:11180', 'localhost:11180', '[::1]:11180'])('%s is ours', host => {
    expect(knock('/', { authorization }, 'GET', host)).toEqual({ kind: 'enter' })
  })

  test.each(['evil.example:11180', '127.0.0.1:11181', '127.0.0.1', 'localhost.evil.example:11180', '127.0.0.2:11180'])(
    '%s is not, whatever key comes with it',
    host => {
      expect(knock('/', { authorization }, 'GET', host)).toEqual({ kind: 'refuse', code: 'forbidden-origin' })
      expect(knock('/healthz', {}, 'GET', host)).toEqual({ kind: 'refuse', code: 'forbidden-origin' })
    },
  )
})

test('health needs no key, everything else does', () => {
  expect(knock('/healthz')).toEqual({ kind: 'enter' })
  for (const path of ['/', '/metrics', '/api/events', '/dicom-web/studies', '/healthz/', '/assets/x.js', '/HEALTHZ']) {
    expect(knock(path)).toEqual({ kind: 'refuse', code: 'unauthorized' })
  }
})
