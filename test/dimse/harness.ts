import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { z } from 'zod'
import type { Log } from '../../electron/station/base/log.ts'
import type { Places } from '../../electron/station/dimse/admission.ts'
import { type Dimse, startDimse } from '../../electron/station/dimse/index.ts'
import type { FoundProblem } from '../../electron/station/dimse/openAssociation.ts'
import { readSecureMaterial } from '../../electron/station/wire/secure.ts'
import type { Timers } from '../../electron/station/wire/timers.ts'
import { type AeProfiles, aeProfiles, nodes, type Strangers, type TlsConfig } from '../../shared/config.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { writeFileMeta } from '../../shared/dicom/part10.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { type NewDataSet, writeDataSet } from '../../shared/dicom/writer.ts'
import { IsocenterError } from '../../shared/errors.ts'
import type { SendObject } from '../fakes/byteSender.ts'
import { MemoryStore } from '../fakes/memoryStore.ts'
import { silentAudit } from '../fakes/silentAudit.ts'

export const CT_IMAGE = '1.2.840.10008.5.1.4.1.1.2'

export interface Door {
  dimse: Dimse
  port: number
  store: MemoryStore
  problems: FoundProblem[]
  /** Everything logged, as JSON lines. */
  logged: string[]
}

/** The DIMSE door before a store in memory, closed when the test ends. Timers in ms, they become those of every AE. */
export async function openDoor(
  { linger = 50, artim, pdu, rate, idle }: Partial<Timers> = {},
  more: {
    places?: Partial<Places>
    byAET?: AeProfiles['byAET']
    aets?: string[]
    strangers?: Strangers
    nodes?: z.input<typeof nodes>
    tls?: TlsConfig
    folder?: string
  } = {},
): Promise<Door> {
  const given = { answerSeconds: artim, messageSeconds: pdu, idleSeconds: idle }
  const seconds = Object.entries(given).flatMap(([name, ms]) => (ms === undefined ? [] : [[name, ms / 1000]]))
  const profiles = aeProfiles.parse({
    default: { ...Object.fromEntries(seconds), ...(rate === undefined ? {} : { bytesPerSecond: rate }) },
    byAET: more.byAET,
  })
  const store = new MemoryStore()
  const problems: FoundProblem[] = []
  const logged: string[] = []
  const line = (level: string) => (obj: object, msg: string) => logged.push(`${level} ${msg} ${JSON.stringify(obj)}`)
  const log: Log = {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: () => log,
  }
  const folder = more.folder ?? temporaryFolder()
  const dimse = await startDimse({
    audit: silentAudit,
    config: {
      aet: 'ISOCENTER',
      aets: more.aets ?? [],
      strangers: more.strangers ?? 'store',
      dimsePort: 0,
      dimseHost: '127.0.0.1',
      profiles,
      durability: 'full',
      mppsTo: [],
      availabilityTo: [],
      nodes: nodes.parse(more.nodes ?? []),
      tls: more.tls,
    },
    secure: more.tls && (await readSecureMaterial(more.tls)),
    store,
    log,
    transcode: async () => {
      throw new IsocenterError('unsupported-pixels', 'no decoders here')
    },
    captureFolder: join(folder, 'captures'),
    startJob: () => {
      throw new IsocenterError('internal', 'no jobs here')
    },
    doctorFile: join(folder, 'doctor.jsonl'),
    places: more.places,
    linger,
  })
  dimse.onProblem(problem => problems.push(problem))
  onTestFinished(() => dimse.close({ graceMs: 100 }))
  return { dimse, port: dimse.port, store, problems, logged }
}

/** A picture small enough for every codec, large enough for many PDVs when `size` says so. */
export function ctObject(
  number: number,
  more: NewDataSet = {},
  TransferSyntaxUID = TS.ExplicitVRLittleEndian,
  size = 64,
): SendObject {
  const SOPInstanceUID = `1.2.826.0.1.3680043.10.1.${number}`
  const pixels = Uint16Array.from({ length: size * size }, (_, i) => (i * 7 + number) % 4096)
  const dataSet = writeDataSet(
    {
      SOPClassUID: CT_IMAGE,
      SOPInstanceUID,
      StudyInstanceUID: '1.2.826.0.1.3680043.10.1',
      SeriesInstanceUID: '1.2.826.0.1.3680043.10.2',
      PatientName: 'Doe^Jane',
      PatientID: 'SYNTHETIC-1',
      Modality: 'CT',
      InstanceNumber: number,
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      Rows: size,
      Columns: size,
      BitsAllocated: 16,
      BitsStored: 12,
      HighBit: 11,
      PixelRepresentation: 0,
      PixelData: pixels,
      ...more,
    },
    encodingOf(TransferSyntaxUID),
  )
  return { SOPClassUID: CT_IMAGE, SOPInstanceUID, TransferSyntaxUID, dataSet }
}

export function part10({ SOPClassUID, SOPInstanceUID, TransferSyntaxUID, dataSet }: SendObject): Buffer {
  const meta = { MediaStorageSOPClassUID: SOPClassUID, MediaStorageSOPInstanceUID: SOPInstanceUID, TransferSyntaxUID }
  return Buffer.concat([writeFileMeta(meta), dataSet])
}

/** Removed when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'isocenter-dimse-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export interface ToolResult {
  code: number
  output: string
}

/** Runs one of DCMTK's tools. A missing tool fails the test and says what to install. Without TCP_NODELAY Nagle stalls it. */
export function dcmtk(tool: string, ...args: string[]): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    execFile(tool, args, { env: { ...process.env, TCP_NODELAY: '1' }, timeout: 60_000 }, (error, stdout, stderr) => {
      if (error && 'code' in error && error.code === 'ENOENT') {
        reject(new Error(`${tool} is missing: apt-get install dcmtk`))
      } else resolve({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr })
    })
  })
}

/** One of DCMTK's tools, running, for being rude to. It is gone when the test ends. */
export function startDcmtk(tool: string, ...args: string[]): ChildProcess {
  const child = spawn(tool, args, { env: { ...process.env, TCP_NODELAY: '1' }, stdio: 'ignore' })
  const gone = new Promise(resolve => child.once('exit', resolve))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await gone
  })
  return child
}

/** Waits for what another process or socket brings about; the test's own time-out is the limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 5))
}
