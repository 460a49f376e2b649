import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Ready } from '../../electron/shell/launchStation.ts'
import { hostStation, type StationHost } from '../../electron/shell/stationHost.ts'

// Outside Electron there is no such module; the spawn body uses nothing of it.
vi.mock('electron', () => ({ utilityProcess: {} }))

/** Does what headless.js does at its borders: a ready line, an end when stdin closes, exit codes; and writes down what it was told. */
const STATION = `
import fs from 'node:fs'
import http from 'node:http'
const folder = import.meta.dirname
const note = text => fs.appendFileSync(folder + '/notes', text + '\\n')
note('start ' + process.argv.slice(2).join(' '))
if (fs.existsSync(folder + '/broken')) { console.error('The disk is gone.'); process.exit(1) }
const server = http.createServer((request, response) => {
  if (request.url === '/crash') process.exit(7)
  response.end('ok')
}).listen(Number(process.argv[process.argv.lastIndexOf('--http-port') + 1]), '127.0.0.1', () => {
  const { port } = server.address()
  const url = 'http://127.0.0.1:' + port + '/?key=k'
  console.log(JSON.stringify({ ready: true, aet: 'A', dimsePort: 104, httpPort: port, url }))
})
process.stdin.on('close', () => { note('drained'); process.exit(0) }).resume()
`

let folder: string
let host: StationHost | undefined
const ready: Ready[] = []
const failures: string[] = []

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'isocenter-host-'))
  writeFileSync(path.join(folder, 'station.mjs'), STATION)
  ready.length = 0
  failures.length = 0
})
afterEach(async () => {
  await host?.stop()
  rmSync(folder, { recursive: true, force: true })
})

function start(): StationHost {
  host = hostStation(
    {
      entry: path.join(folder, 'station.mjs'),
      args: ['--http-port', '0'],
      env: process.env,
      node: process.execPath,
    },
    { onReady: line => ready.push(line), onFailure: reason => failures.push(reason) },
  )
  return host
}

const notes = () => readFileSync(path.join(folder, 'notes'), 'utf8').trim().split('\n')

test('a station that crashes is started again on the same ports', async () => {
  start()
  await vi.waitFor(() => expect(ready).toHaveLength(1), 10_000)
  await fetch(new URL('/crash', ready[0]?.url)).catch(() => {})
  await vi.waitFor(() => expect(ready).toHaveLength(2), 10_000)
  expect(ready[1]?.url).toBe(ready[0]?.url)
})

test('stopping drains it through its stdin, and it is not started again', async () => {
  const running = start()
  await vi.waitFor(() => expect(ready).toHaveLength(1), 10_000)
  await running.stop()
  expect(notes()).toEqual([expect.stringContaining('start'), 'drained'])
})

test('a station that does not start is told to the person in its own words, and tried on', async () => {
  writeFileSync(path.join(folder, 'broken'), '')
  start()
  await vi.waitFor(() => expect(failures).toEqual(['The disk is gone.']), 10_000)
  rmSync(path.join(folder, 'broken'))
  await vi.waitFor(() => expect(ready).toHaveLength(1), 10_000)
})
