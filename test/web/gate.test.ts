import { describe, expect, test } from 'vitest'
import { cookieName, decide, type Holder, type Lock, listedOrigin } from '../../electron/station/web/gate.ts'

const key = 'k3y+/=%;'
const port = 11180
const lock: Lock = { key, port, origins: ['https://viewer.example'], find: offered => further[offered] }
const further: Record<string, Holder> = {
  reader: { id: 'r', name: 'a reader', scopes: ['read'] },
  sender: { id: 's', name: 'a sender', scopes: ['store'] },
  remover: { id: 'd', name: 'a remover', scopes: ['delete', 'read'] },
  steward: { id: 'a', name: 'a steward', scopes: ['admin'] },
}
const cookie = `other=1; ${cookieName(port)}=${encodeURIComponent(key)}`

function knock(path: string, headers: Record<string, string> = {}, method = 'GET', host = `127.0.0.1:${port}`) {
  return decide({ method, url: new URL(`http://${host}${path}`), headers: new Headers(headers) }, lock)
}

describe('a key in the Authorization header', () => {
  test.each([
    ['Api-Key', `Api-Key ${key}`],
    ['Bearer', `Bearer ${key}`],
    ['any case', `API-KEY ${key}`],
    ['Basic, any user', `Basic ${Buffer.from(`anybody:${key}`).toString('base64')}`],
  ])('%s lets in', (_, authorization) => {
    expect(knock('/api/studies.list', { authorization }, 'POST')).toMatchObject({ kind: 'enter' })
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
    expect(knock('/', { authorization })).toMatchObject({ kind: 'refuse', code: 'unauthorized' })
  })

  test('decides alone: a wrong one is not healed by a good cookie', () => {
    const headers = { 'authorization': 'Api-Key nope', cookie, 'sec-fetch-site': 'same-origin' }
    expect(knock('/', headers)).toMatchObject({ kind: 'refuse', code: 'unauthorized' })
  })
})

describe('the cookie', () => {
  test('lets our own pages in', () => {
    expect(knock('/api/events', { cookie, 'sec-fetch-site': 'same-origin' })).toMatchObject({ kind: 'enter' })
  })

  test('lets a typed address in, on the start page only', () => {
    const typed = { cookie, 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }
    expect(knock('/', typed)).toMatchObject({ kind: 'enter' })
    expect(knock('/?rendering=cpu', typed)).toMatchObject({ kind: 'enter' })
    expect(knock('/dicom-web/studies', typed)).toMatchObject({ kind: 'refuse', code: 'forbidden-origin' })
    expect(knock('/', typed, 'POST')).toMatchObject({ kind: 'refuse', code: 'forbidden-origin' })
  })

  test.each(['same-site', 'cross-site', ''])('with Sec-Fetch-Site "%s" is another page', site => {
    const headers = { cookie, ...(site ? { 'sec-fetch-site': site } : {}) }
    expect(knock('/', headers)).toMatchObject({ kind: 'refuse', code: 'forbidden-origin' })
  })

  test('of another station on this machine does not count', () => {
    const other = `${cookieName(port + 1)}=${encodeURIComponent(key)}`
    expect(knock('/', { 'cookie': other, 'sec-fetch-site': 'same-origin' })).toMatchObject({
      kind: 'refuse',
      code: 'unauthorized',
    })
  })

  test('that cannot be decoded is none', () => {
    const headers = { 'cookie': `${cookieName(port)}=%E0%A4%A`, 'sec-fetch-site': 'same-origin' }
    expect(knock('/', headers)).toMatchObject({ kind: 'refuse', code: 'unauthorized' })
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
    expect(knock('/?key=nope')).toMatchObject({ kind: 'refuse', code: 'unauthorized' })
    expect(knock(`/api/events?key=${encodeURIComponent(key)}`)).toMatchObject({ kind: 'refuse', code: 'unauthorized' })
  })
})

describe('the Host header', () => {
  const authorization = `Api-Key ${key}`
  test.each(['127.0.0.1:11180', 'localhost:11180', '[::1]:11180'])('%s is ours', host => {
    expect(knock('/', { authorization }, 'GET', host)).toMatchObject({ kind: 'enter' })
  })

  test.each(['evil.example:11180', '127.0.0.1:11181', '127.0.0.1', 'localhost.evil.example:11180', '127.0.0.2:11180'])(
    '%s is not, whatever key comes with it',
    host => {
      expect(knock('/', { authorization }, 'GET', host)).toMatchObject({ kind: 'refuse', code: 'forbidden-origin' })
      expect(knock('/healthz', {}, 'GET', host)).toMatchObject({ kind: 'refuse', code: 'forbidden-origin' })
    },
  )
})

test('health needs no key, everything else does', () => {
  expect(knock('/healthz')).toMatchObject({ kind: 'enter' })
  for (const path of ['/', '/metrics', '/api/events', '/dicom-web/studies', '/healthz/', '/assets/x.js', '/HEALTHZ']) {
    expect(knock(path)).toMatchObject({ kind: 'refuse', code: 'unauthorized' })
  }
})

describe('further keys', () => {
  test.each([
    ['reader', 'GET', '/dicom-web/studies', true],
    ['reader', 'OPTIONS', '/dicom-web/', true],
    ['reader', 'GET', '/metrics', true],
    ['reader', 'POST', '/dicom-web/studies', false],
    ['reader', 'DELETE', '/dicom-web/studies/1.2', false],
    ['reader', 'GET', '/', false],
    ['reader', 'POST', '/api/studies.list', false],
    ['reader', 'GET', '/api/events', false],
    ['reader', 'GET', '/dicom-webs', false],
    ['sender', 'POST', '/dicom-web/studies', true],
    ['sender', 'GET', '/dicom-web/studies', false],
    ['remover', 'DELETE', '/dicom-web/studies/1.2', true],
    ['remover', 'PUT', '/dicom-web/studies/1.2', false],
    ['remover', 'POST', '/dicom-web/studies', false],
    ['steward', 'POST', '/dicom-web/studies', true],
    ['steward', 'POST', '/api/drain', true],
  ])('%s: %s %s is let in: %s', (name, method, path, enters) => {
    const verdict = knock(path, { authorization: `Api-Key ${name}` }, method)
    if (enters) expect(verdict).toEqual({ kind: 'enter', holder: further[name] })
    else expect(verdict).toEqual({ kind: 'refuse', code: 'forbidden', guessed: false })
  })

  test('open no page of ours by cookie or address', () => {
    const mine = { 'cookie': `${cookieName(port)}=steward`, 'sec-fetch-site': 'same-origin' }
    expect(knock('/dicom-web/studies', mine)).toMatchObject({ kind: 'refuse', code: 'unauthorized' })
    expect(knock('/?key=steward')).toMatchObject({ kind: 'refuse', code: 'unauthorized' })
  })

  test('only what was offered and is wrong counts as a guess', () => {
    expect(knock('/', { authorization: 'Api-Key nope' })).toMatchObject({ guessed: true })
    expect(knock('/?key=nope')).toMatchObject({ guessed: true })
    expect(knock('/')).toMatchObject({ guessed: false })
  })
})

describe('a page of another origin', () => {
  const preflight = { 'origin': 'https://viewer.example', 'access-control-request-method': 'GET' }

  test('that is listed may ask whether it may ask, of DICOMweb only', () => {
    expect(knock('/dicom-web/studies', preflight, 'OPTIONS')).toEqual({ kind: 'preflight' })
    for (const path of ['/api/studies.list', '/', '/dicom-web.html']) {
      expect(knock(path, preflight, 'OPTIONS')).toMatchObject({ kind: 'refuse', code: 'unauthorized' })
    }
  })

  test.each(['https://evil.example', 'http://viewer.example', 'https://viewer.example:8443', 'null', ''])(
    '"%s" is not listed',
    origin => {
      const headers = { ...preflight, origin }
      expect(knock('/dicom-web/studies', headers, 'OPTIONS')).toMatchObject({ kind: 'refuse', code: 'unauthorized' })
      const url = new URL(`http://127.0.0.1:${port}/dicom-web/studies`)
      expect(listedOrigin({ url, headers: new Headers(headers) }, lock)).toBeUndefined()
    },
  )

  test('enters with a key, never by the cookie', () => {
    const { origin } = preflight
    expect(knock('/dicom-web/studies', { origin, authorization: 'Api-Key reader' })).toMatchObject({ kind: 'enter' })
    for (const site of ['cross-site', 'same-site']) {
      const headers = { origin, cookie, 'sec-fetch-site': site }
      expect(knock('/dicom-web/studies', headers)).toMatchObject({ kind: 'refuse', code: 'forbidden-origin' })
    }
  })
})
