import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { FileHandles } from '../../electron/station/store/fileHandles.ts'
import { type MultipartPart, multipartResponse, type Part } from '../../electron/station/web/bodyParts.ts'
import { serve } from '../../electron/station/web/httpAdapter.ts'

const TYPE = 'application/octet-stream'
/** Of files and of bytes at hand: less than a chunk, just one, several, and what lies about their edges. */
const SIZES = [1, 300, 64 * 1024 - 1, 64 * 1024, 640 * 1024 - 90, 640 * 1024, 640 * 1024 + 1, 2_000_000, 7, 530_000]

const NOISE = Buffer.alloc(Math.max(...SIZES) + 200)
for (let i = 0; i < NOISE.length; i++) NOISE[i] = i * 31 + (i >> 9)
const bytesOf = (seed: number, length: number) => NOISE.subarray(seed, seed + length)

/** Answers every request with `respond`; the address. */
async function served(respond: () => Response, onError: (error: unknown) => void = () => {}): Promise<string> {
  const listening = await serve(async () => respond(), { host: '127.0.0.1', port: 0, onListening() {}, onError })
  onTestFinished(() => listening.close(100))
  return `http://127.0.0.1:${listening.port}/`
}

async function onDisk(): Promise<{ files: FileHandles; place(name: string, bytes: Buffer): Promise<Part> }> {
  const dir = await mkdtemp(path.join(tmpdir(), 'isocenter-parts-'))
  const files = new FileHandles(() => Promise.reject(new Error('it lies nowhere else')))
  onTestFinished(async () => {
    files.close()
    await rm(dir, { recursive: true, force: true })
  })
  return {
    files,
    async place(name, bytes) {
      await writeFile(path.join(dir, name), Buffer.concat([Buffer.from('before'), bytes, Buffer.from('behind')]))
      return {
        place: { contentId: 1, path: path.join(dir, name), fileOffset: 0, dataSetOffset: 0 },
        offset: 6,
        length: bytes.length,
      }
    },
  }
}

test.each(['known', 'made on the way'])('every byte in its place, whoever reads at once; bodies %s', async kind => {
  const { files, place } = await onDisk()
  const contents = SIZES.flatMap((size, i) => [bytesOf(i, size), bytesOf(i + 100, size)])
  const bodies: MultipartPart[] = []
  for (const [i, bytes] of contents.entries()) {
    bodies.push({ contentType: TYPE, parts: [i % 2 === 0 ? await place(`${i}`, bytes) : bytes] })
  }
  async function* later() {
    yield* bodies
  }
  const url = await served(() => multipartResponse(TYPE, kind === 'known' ? bodies : later(), files))
  await Promise.all(
    [1, 2, 3].map(async () => {
      const response = await fetch(url)
      const body = Buffer.from(await response.arrayBuffer())
      const boundary = /boundary=(\S+)/.exec(response.headers.get('content-type') ?? '')?.[1]
      const expected = contents.flatMap((bytes, i) => [
        Buffer.from(`${i > 0 ? '\r\n' : ''}--${boundary}\r\nContent-Type: ${TYPE}\r\n\r\n`),
        bytes,
      ])
      expect(body.equals(Buffer.concat([...expected, Buffer.from(`\r\n--${boundary}--\r\n`)]))).toBe(true)
      expect(response.headers.get('content-length')).toBe(kind === 'known' ? String(body.length) : null)
    }),
  )
})

test('a file that ends early breaks the answer off, and the next one is whole again', async () => {
  const { files, place } = await onDisk()
  const whole = await place('whole', bytesOf(1, 700_000))
  const short = await place('short', bytesOf(2, 10))
  const cut: Part = { ...short, length: 700_000 }
  let parts = [whole, whole, cut, whole, whole]
  const errors: unknown[] = []
  const url = await served(
    () => multipartResponse(TYPE, [{ contentType: TYPE, parts }], files),
    error => errors.push(error),
  )
  await expect(fetch(url).then(response => response.arrayBuffer())).rejects.toThrow()
  expect(errors).toMatchObject([{ code: 'malformed' }])
  parts = [whole, whole]
  expect((await (await fetch(url)).arrayBuffer()).byteLength).toBeGreaterThan(1_400_000)
})
