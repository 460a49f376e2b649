import { mkdir, writeFile } from 'node:fs/promises'
import http from 'node:http'
import net from 'node:net'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CallError } from '../../shared/contract.ts'
import { IsocenterError } from '../../shared/errors.ts'
import { createFakeStore } from '../fakes/fakeStore.ts'
import { aJob, type Counter, KEY, openCounter } from './counter.ts'

let counter: Counter
const store = createFakeStore({
  getStudy: () => Promise.reject(new IsocenterError('not-found', 'no such study')),
  getManifest: () => Promise.reject(new Error('/secret/path of Doe^Jane')),
})

beforeEach(async () => {
  counter = await openCounter(store)
})
afterEach(() => counter.close())

/** What fetch would not send: any header, any target, any method. */
function raw(
  options: http.RequestOptions,
  body?: string,
): Promise<{ status: number; headers: http.IncomingHttpHeaders; text: string }> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port: counter.port, agent: false, ...options }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', chunk => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
    request.on('error', reject)
    request.end(body)
  })
}

describe('who gets in', () => {
  test('a browser opens the printed address and is let in by its cookie from then on', async () => {
    const opened = await fetch(`${counter.origin}/?key=${encodeURIComponent(KEY)}`, { redirect: 'manual' })
    expect(opened.status).toBe(303)
    expect(opened.headers.get('location')).toBe('/')
    expect(opened.headers.get('referrer-policy')).toBe('no-referrer')
    const [cookie = ''] = opened.headers.getSetCookie()
    expect(cookie).toContain('HttpOnly; SameSite=Strict')
    const mine = { 'cookie': cookie.split(';')[0] ?? '', 'sec-fetch-site': 'same-origin' }
    const call = (headers: Record<string, string>) =>
      raw(
        {
          path: '/api/jobs.list',
          method: 'POST',
          headers: { ...mine, 'content-type': 'application/json', ...headers },
        },
        '{}',
      )
    expect((await call({})).status).toBe(200)
    expect((await call({ 'sec-fetch-site': 'same-site' })).status).toBe(403)
  })

  test('a browser without the key gets a page that says what to do, a program JSON', async () => {
    const page = await fetch(counter.origin, { headers: { accept: 'text/html,*/*' } })
    expect(page.status).toBe(401)
    expect(await page.text()).toContain('needs its key')
    const json = await fetch(`${counter.origin}/dicom-web/studies`)
    expect(json.status).toBe(401)
    expect(((await json.json()) as CallError).code).toBe('unauthorized')
  })

  test('another host name is refused even with the key', async () => {
    const headers = { authorization: `Api-Key ${KEY}`, host: `evil.example:${counter.port}` }
    expect((await raw({ path: '/healthz', headers })).status).toBe(403)
  })

  test('health answers without a key and says nothing of patients', async () => {
    const response = await fetch(`${counter.origin}/healthz`)
    expect(await response.json()).toEqual({ ok: true, version: '0.0.0', writable: true })
  })
})

test('every answer carries the security headers, and data is not stored', async () => {
  for (const response of [
    await counter.get('/metrics'),
    await counter.get('/nowhere.js'),
    await fetch(counter.origin),
  ]) {
    expect(response.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; /,
    )
    expect(response.headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(response.headers.get('cross-origin-embedder-policy')).toBe('require-corp')
    expect(response.headers.get('cross-origin-resource-policy')).toBe('same-origin')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(response.headers.get('cache-control')).toBe('no-store')
  }
})

describe('the renderer', () => {
  beforeEach(async () => {
    const renderer = path.join(counter.dir, 'renderer')
    await mkdir(path.join(renderer, 'assets'), { recursive: true })
    await writeFile(path.join(renderer, 'index.html'), '<!doctype html><title>Isocenter</title>')
    await writeFile(path.join(renderer, 'assets/main-abc123.js'), 'export {}')
    await writeFile(path.join(counter.dir, 'secret.txt'), 'secret')
    await writeFile(path.join(counter.dir, 'renderer-other.txt'), 'secret')
  })

  test('start page and hashed assets', async () => {
    const page = await counter.get('/')
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(page.headers.get('cache-control')).toBe('no-cache')
    expect(await page.text()).toContain('Isocenter')
    const asset = await counter.get('/assets/main-abc123.js')
    expect(asset.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(asset.headers.get('cache-control')).toContain('immutable')
  })

  test.each([
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e%2fsecret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/..%5csecret.txt',
    '/..%2frenderer-other.txt',
    '/%00index.html',
    '/%E0%A4%A',
    '/assets',
    '/assets/',
    '//secret.txt',
  ])('%s leads nowhere', async where => {
    const response = await raw({ path: where, headers: { authorization: `Api-Key ${KEY}` } })
    expect(response.status).toBe(404)
    expect(response.text).not.toContain('secret')
  })
})

test('a renderer that is not built is said so', async () => {
  const response = await counter.get('/')
  expect(response.status).toBe(503)
  expect(await response.text()).toContain('npm run build')
})

describe('calls', () => {
  test('answer what the contract says', async () => {
    expect(await (await counter.post('/api/jobs.list', {})).json()).toEqual({ jobs: [aJob] })
    const status = await counter.post('/api/station.status', {})
    expect(await status.json()).toMatchObject({
      aet: 'ISOCENTER',
      dimsePort: 11112,
      httpPort: counter.port,
      addresses: ['192.0.2.1'],
    })
    expect(await (await counter.post('/api/settings.set', { key: 'layout', value: { rows: 2 } })).json()).toEqual({})
    expect(await (await counter.post('/api/settings.get', {})).json()).toEqual({ layout: { rows: 2 } })
  })

  test.each([
    ['an unknown call', '/api/nothing', {}, 404, 'not-found'],
    ['a name of every object', '/api/constructor', {}, 404, 'not-found'],
    ['input that does not fit', '/api/study.get', { StudyInstanceUID: 5 }, 400, 'bad-request'],
    ['too long a UID', '/api/study.get', { StudyInstanceUID: '1'.repeat(65) }, 400, 'bad-request'],
    ['what is not there', '/api/study.get', { StudyInstanceUID: '1.2' }, 404, 'not-found'],
    ['a job nobody has', '/api/job.cancel', { id: 'x' }, 404, 'not-found'],
  ])('%s is refused with the table’s code', async (_, where, input, status, code) => {
    const response = await counter.post(where, input)
    expect(response.status).toBe(status)
    expect(((await response.json()) as CallError).code).toBe(code)
  })

  test('what an unforeseen error says of itself stays inside', async () => {
    const response = await counter.post('/api/series.open', { StudyInstanceUID: '1', SeriesInstanceUID: '2' })
    expect(response.status).toBe(500)
    expect(await response.text()).not.toMatch(/secret|Doe/)
  })

  test('only JSON is taken, and not more than a call can need', async () => {
    const form = { 'content-type': 'text/plain' }
    expect((await counter.post('/api/drain', {}, form)).status).toBe(400)
    expect(counter.drained).toBe(false)
    expect((await counter.post('/api/settings.set', { key: 'k', value: 'x'.repeat(5_000_000) })).status).toBe(413)
    const headers = { 'authorization': `Api-Key ${KEY}`, 'content-type': 'application/json' }
    expect((await raw({ path: '/api/jobs.list', method: 'POST', headers }, '{')).status).toBe(400)
    expect((await counter.get('/api/drain')).status).toBe(404)
  })

  test('drain is answered before it begins', async () => {
    expect(await (await counter.post('/api/drain', {})).json()).toEqual({})
    await expect.poll(() => counter.drained).toBe(true)
  })
})

describe('folders', () => {
  test('are listed for choosing, folders first, hidden names left out', async () => {
    await mkdir(path.join(counter.dir, 'b', 'c'), { recursive: true })
    await writeFile(path.join(counter.dir, 'b', 'a10.dcm'), 'xxxx')
    await writeFile(path.join(counter.dir, 'b', 'a9.dcm'), 'x')
    await writeFile(path.join(counter.dir, 'b', '.hidden'), 'x')
    const folder = path.join(counter.dir, 'b')
    expect(await (await counter.post('/api/folder.list', { path: folder })).json()).toEqual({
      path: folder,
      parent: counter.dir,
      entries: [
        { name: 'c', path: path.join(folder, 'c'), folder: true, size: 0 },
        { name: 'a9.dcm', path: path.join(folder, 'a9.dcm'), folder: false, size: 1 },
        { name: 'a10.dcm', path: path.join(folder, 'a10.dcm'), folder: false, size: 4 },
      ],
      truncated: false,
    })
  })

  test('that are not there, or not named in full, are refused', async () => {
    expect((await counter.post('/api/folder.list', { path: path.join(counter.dir, 'nope') })).status).toBe(404)
    expect((await counter.post('/api/folder.list', { path: 'relative' })).status).toBe(400)
  })
})

test('metrics are Prometheus text with a key', async () => {
  await counter.post('/api/jobs.list', {})
  const text = await (await counter.get('/metrics')).text()
  expect(text).toMatch(/^# HELP isocenter_studies /)
  expect(text).toMatch(/^isocenter_disk_level 0$/m)
  expect(text).toMatch(/^isocenter_http_requests_total\{code="200"\} \d+$/m)
})

test('metrics tell how late the main loop was, each reading since the one before', async () => {
  const latest = async () => {
    const text = await (await counter.get('/metrics')).text()
    return Number(/^isocenter_event_loop_late_max_seconds (\S+)$/m.exec(text)?.[1])
  }
  // The counter runs in this very process: what holds this loop up holds up its own. The first look starts the clock.
  await new Promise(resolve => setTimeout(resolve, 50))
  await latest()
  await new Promise(resolve => setTimeout(resolve, 50))
  const until = performance.now() + 400
  while (performance.now() < until);
  await new Promise(resolve => setTimeout(resolve, 50))
  const held = await latest()
  expect(held).toBeGreaterThan(0.3)
  expect(await latest()).toBeLessThan(held)
})

describe('the adapter', () => {
  test('answers rubbish with 400 and serves on', async () => {
    for (const rubbish of [
      'GET http://127.0.0.1/ HTTP/1.1\r\nHost: x\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a@b\r\n\r\n',
      '\0\x01rubbish\r\n\r\n',
    ]) {
      const answer = await new Promise<string>(resolve => {
        let text = ''
        const socket = net.connect(counter.port, '127.0.0.1', () => socket.write(rubbish, 'latin1'))
        socket.on('data', chunk => {
          text += chunk
        })
        socket.on('close', () => resolve(text))
      })
      expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    }
    expect((await fetch(`${counter.origin}/healthz`)).status).toBe(200)
  })

  test('HEAD has the headers and no body; another method is no resource', async () => {
    const head = await raw({ path: '/healthz', method: 'HEAD' })
    expect(head).toMatchObject({ status: 200, text: '' })
    expect(
      (await raw({ path: '/api/events', method: 'HEAD', headers: { authorization: `Api-Key ${KEY}` } })).status,
    ).toBe(400)
    expect((await raw({ path: '/', method: 'DELETE', headers: { authorization: `Api-Key ${KEY}` } })).status).toBe(404)
  })
})
