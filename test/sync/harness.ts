import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { join } from 'node:path'
import { afterAll, onTestFinished } from 'vitest'
import { FileHandles, type OutboxItem } from '../../electron/station/store/index.ts'
import type { Carrier } from '../../electron/station/sync/carrier.ts'
import { createCarrier } from '../../electron/station/sync/createCarrier.ts'
import { Digests } from '../../electron/station/sync/digests.ts'
import type { DimseDoor } from '../../electron/station/sync/dimseDoor.ts'
import type { WebPatience } from '../../electron/station/wire/webClient.ts'
import { type Destination, destination } from '../../shared/sync.ts'
import { startOrthanc } from '../bench/receivers.ts'
import { part10, temporaryFolder } from '../dimse/harness.ts'
import type { SendObject } from '../fakes/byteSender.ts'
import { outboxItem } from '../fixtures/outboxItem.ts'

export const PLUGIN = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so'
/** What stands before the object in its file, as in a landing segment. */
const BEFORE = 100
export const never = new AbortController().signal
export const unpaced = async () => {}
export const md5Of = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex')
export const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** An object as the outbox hands it over, in a file of its own until the test ends. */
export function itemOf(object: SendObject, more: Partial<OutboxItem> = {}): OutboxItem {
  const path = join(temporaryFolder(), 'object')
  const file = part10(object)
  writeFileSync(path, Buffer.concat([Buffer.alloc(BEFORE, 1), file, Buffer.alloc(BEFORE, 2)]))
  return { ...outboxItem(path, file, BEFORE), ...more }
}

const noDimse: DimseDoor = {
  store: () => Promise.reject(new Error('no DIMSE here')),
  find: () => Promise.reject(new Error('no DIMSE here')),
  query: () => Promise.reject(new Error('no DIMSE here')),
  fetch: () => Promise.reject(new Error('no DIMSE here')),
  get: () => Promise.reject(new Error('no DIMSE here')),
  move: () => Promise.reject(new Error('no DIMSE here')),
  addressOf: () => '',
  echo: () => Promise.reject(new Error('no DIMSE here')),
}

/** Of all tests of a file. */
export const digests = new Digests()
afterAll(() => digests.close())

/** Closed when the test ends. */
export function carrierTo(
  route: Destination['route'],
  { dimse = noDimse, patience }: { dimse?: DimseDoor; patience?: Partial<WebPatience> } = {},
): Carrier {
  const files = new FileHandles(async () => {
    throw new Error('it has not moved')
  })
  const parsed = destination.parse({ name: 'test', route })
  const carrier = createCarrier(parsed, { files, digests, dimse, patience })
  onTestFinished(async () => {
    await carrier.close()
    files.close()
  })
  return carrier
}

export interface WebArchive {
  url: string
  orthanc: string
  port: number
  httpPort: number
  stored(): Promise<number>
  close(): Promise<void>
}

/** Debian's Orthanc with its DICOMweb. */
export async function startArchive(more: object = {}): Promise<WebArchive> {
  const settings = { DicomAlwaysAllowGet: true, DicomAlwaysAllowFind: true, DicomCheckCalledAet: false, ...more }
  const orthanc = await startOrthanc({
    ...{ Plugins: [PLUGIN], DicomWeb: { Enable: true, Root: '/dicom-web/' } },
    ...settings,
  })
  const { port, httpPort, stored, close } = orthanc
  const origin = `http://127.0.0.1:${httpPort}`
  return { url: `${origin}/dicom-web`, orthanc: origin, port, httpPort, stored, close }
}

/** A server that answers as it is told; gone when the test ends. */
export async function rudeServer(listener: RequestListener): Promise<{ server: Server; url: string; port: number }> {
  const server = createServer(listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return { server, port, url: `http://127.0.0.1:${port}/dicom-web` }
}
