import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { readFileMeta } from '../../shared/dicom/part10.ts'
import { NO_DELAY, untilListening } from '../bench/receivers.ts'
import { freePort } from '../fixtures/freePort.ts'
import { sha256Of } from './objects.ts'

const PLUGIN = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so'

/** Debian's Orthanc as a central archive, at the same address and with the same folder however often it is killed. */
export class CentralArchive {
  readonly origin: string
  readonly #folder: string
  readonly #httpPort: number
  readonly dicomPort: number
  #child: ChildProcess | undefined

  private constructor(folder: string, httpPort: number, dicomPort: number) {
    this.#folder = folder
    this.dicomPort = dicomPort
    this.#httpPort = httpPort
    this.origin = `http://127.0.0.1:${httpPort}`
  }

  static async open(): Promise<CentralArchive> {
    const folder = await mkdtemp(path.join(tmpdir(), 'isocenter-central-'))
    const [port, httpPort] = [await freePort(), await freePort()]
    const settings = {
      StorageDirectory: path.join(folder, 'storage'),
      IndexDirectory: path.join(folder, 'index'),
      DicomPort: port,
      HttpPort: httpPort,
      DicomAet: 'CENTRAL',
      DicomAlwaysAllowFind: true,
      DicomAlwaysAllowGet: true,
      RemoteAccessAllowed: false,
      AuthenticationEnabled: false,
      HttpThreadsCount: 50,
      // What it keeps in memory it would show, whatever has become of the file.
      MaximumStorageCacheSize: 0,
      Plugins: [PLUGIN],
      DicomWeb: { Enable: true, Root: '/dicom-web/' },
    }
    await writeFile(path.join(folder, 'orthanc.json'), JSON.stringify(settings))
    const archive = new CentralArchive(folder, httpPort, port)
    await archive.start()
    return archive
  }

  async start(): Promise<void> {
    const child = spawn('Orthanc', [path.join(this.#folder, 'orthanc.json')], {
      env: { ...process.env, ...NO_DELAY },
      stdio: 'ignore',
    })
    this.#child = child
    await untilListening(child, this.#httpPort, () => this.kill())
  }

  /** By itself: it was killed by nobody here. */
  hasEnded(): boolean {
    const child = this.#child
    return child !== undefined && (child.exitCode !== null || child.signalCode !== null)
  }

  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }

  /** Begins again with a new database. */
  async renew(): Promise<void> {
    await this.kill()
    for (const part of ['storage', 'index']) await rm(path.join(this.#folder, part), { recursive: true, force: true })
    await this.start()
  }

  async close(): Promise<void> {
    await this.kill()
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** Its own numbers of all that it has. */
  async instances(): Promise<string[]> {
    return (await (await fetch(`${this.origin}/instances`)).json()) as string[]
  }

  /** SOP Instance UID → SHA-256 of the data set, read from its files. */
  async hashes(): Promise<Map<string, string[]>> {
    return this.objects(sha256Of)
  }

  /** SOP Instance UID → `told` of the data set, read from its files, for each that has it. */
  async objects<T>(told: (dataSet: Buffer, TransferSyntaxUID: string) => T): Promise<Map<string, T[]>> {
    const all = new Map<string, T[]>()
    for (const id of await this.instances()) {
      const bytes = Buffer.from(await (await fetch(`${this.origin}/instances/${id}/file`)).arrayBuffer())
      const meta = readFileMeta(bytes)
      const uid = meta?.MediaStorageSOPInstanceUID ?? id
      const one = told(bytes.subarray(meta?.dataSetOffset), meta?.TransferSyntaxUID ?? '')
      all.set(uid, [...(all.get(uid) ?? []), one])
    }
    return all
  }

  /** It loses an object: nobody is told. */
  async lose(SOPInstanceUID: string): Promise<boolean> {
    const found = await fetch(`${this.origin}/tools/lookup`, { method: 'POST', body: SOPInstanceUID })
    const [known] = (await found.json()) as Array<{ ID: string }>
    if (!known) return false
    return (await fetch(`${this.origin}/instances/${known.ID}`, { method: 'DELETE' })).ok
  }
}
