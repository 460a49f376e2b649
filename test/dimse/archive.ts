import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { z } from 'zod'
import { createLog } from '../../electron/station/base/log.ts'
import type { ReportTimes } from '../../electron/station/dimse/commitmentReports.ts'
import { type Dimse, startDimse } from '../../electron/station/dimse/index.ts'
import type { FoundProblem } from '../../electron/station/dimse/openAssociation.ts'
import {
  openStore,
  type Received,
  type Store,
  type StoreOptions,
  type Unproved,
} from '../../electron/station/store/index.ts'
import { startWork, type Work } from '../../electron/station/work/index.ts'
import { aeProfiles, nodes } from '../../shared/config.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { type FileMeta, readFileMeta } from '../../shared/dicom/part10.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import type { SendObject } from '../fakes/byteSender.ts'
import { silentAudit } from '../fakes/silentAudit.ts'
import { dcmtk, part10, startDcmtk, temporaryFolder } from './harness.ts'

export interface Archive {
  port: number
  store: Store
  work: Work
  dimse: Dimse
  problems: FoundProblem[]
  dataDir: string
  /** Before the test ends. */
  close(): Promise<void>
}

interface ArchiveOptions {
  /** One that was there before; a new one unless told. */
  dataDir?: string
  durability?: 'full' | 'os'
  store?: Partial<StoreOptions>
  reportTimes?: Partial<ReportTimes>
  unproved?(SOPInstanceUIDs: string[]): Promise<Unproved>
  archiveAt?(node: string): string | undefined
  /** Nodes that steps and notices are handed on to. */
  handTo?: string[]
}

/** The DIMSE door before a real store and workshop, closed when the test ends. */
export async function openArchive(
  known: z.input<typeof nodes> = [],
  { dataDir = temporaryFolder(), durability = 'full', ...more }: ArchiveOptions = {},
): Promise<Archive> {
  const log = createLog('silent')
  const store = await openStore({ dataDir, log, durability, ...more.store })
  const work = startWork({
    audit: silentAudit,
    store,
    log,
    transcodedFolder: join(dataDir, 'transcoded'),
    commitmentDoor: {
      requestCommitment: (...asked) => dimse.requestCommitment(...asked),
      onCommitment: listener => dimse.onCommitment(listener),
    },
  })
  const dimse: Dimse = await startDimse({
    audit: silentAudit,
    config: {
      aet: 'ISOCENTER',
      strangers: 'store',
      aets: ['READING'],
      dimsePort: 0,
      dimseHost: '127.0.0.1',
      profiles: aeProfiles.parse({}),
      durability,
      mppsTo: more.handTo ?? [],
      availabilityTo: more.handTo ?? [],
      nodes: nodes.parse(known),
    },
    store,
    judged: store,
    log,
    transcode: work.transcode,
    startJob: work.startJob,
    captureFolder: join(dataDir, 'captures'),
    doctorFile: join(dataDir, 'doctor.jsonl'),
    linger: 50,
    reportTimes: more.reportTimes,
    unproved: more.unproved,
    archiveAt: more.archiveAt,
  })
  const problems: FoundProblem[] = []
  dimse.onProblem(problem => problems.push(problem))
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= (async () => {
      await dimse.close({ graceMs: 100 })
      await work.close()
      await store.close()
    })()
    return closing
  }
  onTestFinished(close)
  return { port: dimse.port, store, work, dimse, problems, dataDir, close }
}

/** A peer that may ask for all, at an address where nobody may listen. */
export const node = (AET: string, port = 9) => ({ name: AET.toLowerCase(), AET, host: '127.0.0.1', port })

const ORIGIN = { door: 'import', sourceAET: 'TEST', sendingAET: '', receivingAET: '', address: '' } as const

/** Keeps a Part-10 file as an import would. */
export async function keep(store: Store, file: Uint8Array): Promise<Received> {
  const meta = readFileMeta(file)!
  const receive = store.beginReceive({
    origin: ORIGIN,
    SOPClassUID: meta.MediaStorageSOPClassUID,
    SOPInstanceUID: meta.MediaStorageSOPInstanceUID,
    TransferSyntaxUID: meta.TransferSyntaxUID,
  })
  await receive.write(file.subarray(meta.dataSetOffset))
  return receive.commit()
}

export interface ReceivedFile extends FileMeta {
  path: string
  /** Without File Meta. */
  bytes: Buffer
  dataSet: DataSet
}

/** The files that a tool has written, by SOP Instance UID. */
export function filesIn(folder: string): Map<string, ReceivedFile> {
  const files = readdirSync(folder).map(name => readPart10(join(folder, name)))
  return new Map(files.map(file => [file.MediaStorageSOPInstanceUID, file]))
}

export function readPart10(path: string): ReceivedFile {
  const file = readFileSync(path)
  const meta = readFileMeta(file)!
  const bytes = file.subarray(meta.dataSetOffset)
  return { ...meta, path, bytes, dataSet: DataSet.read(bytes, encodingOf(meta.TransferSyntaxUID)) }
}

/** DCMTK's storescp, listening; what it receives is in `folder`, bit for bit. */
export async function startStorescp(port: number, ...flags: string[]): Promise<{ folder: string }> {
  const folder = temporaryFolder()
  startDcmtk('storescp', '+B', '-aet', 'STORESCP', ...flags, '-od', folder, `${port}`)
  for (;;) {
    const open = await new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (open) return { folder }
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

/** DCMTK's archive with these objects; ISOCENTER, which it sends to on C-MOVE, is at `own`; undefined: it knows nobody. */
export async function startDcmqrscp(
  port: number,
  own: number | undefined,
  objects: SendObject[],
  ...flags: string[]
): Promise<void> {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'db'))
  const config = join(folder, 'dcmqrscp.cfg')
  writeFileSync(
    config,
    `NetworkTCPPort = ${port}
MaxPDUSize = 16384
MaxAssociations = 16
HostTable BEGIN
${own === undefined ? '' : `isocenter = (ISOCENTER, 127.0.0.1, ${own})`}
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
ARCHIVE ${join(folder, 'db')} RW (200, 1024mb) ANY
AETable END
`,
  )
  startDcmtk('dcmqrscp', ...flags, '-c', config)
  const source = temporaryFolder()
  const files = objects.map((object, at) => {
    const file = join(source, `${at}.dcm`)
    writeFileSync(file, part10(object))
    return file
  })
  for (;;) {
    const { code } = await dcmtk('storescu', '-R', '-aec', 'ARCHIVE', '127.0.0.1', `${port}`, ...files)
    if (code === 0) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}
