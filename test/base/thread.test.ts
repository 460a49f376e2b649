import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { startThread } from '../../electron/station/base/thread.ts'

const folder = mkdtempSync(join(tmpdir(), 'isocenter-thread-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const from = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
writeFileSync(
  join(folder, 'thread.ts'),
  `import { getPriority } from 'node:os'
   import { serveThread } from ${from('../../electron/station/base/thread.ts')}
   import { IsocenterError } from ${from('../../shared/errors.ts')}
   serveThread((data: { factor: number }) => ({
     times: (n: number) => n * data.factor,
     later: (n: number) => new Promise(resolve => setTimeout(resolve, n, n)),
     fail: () => { throw new IsocenterError('not-found', 'that one') },
     priority: () => getPriority(),
     break: () => { throw new TypeError('broken') },
     hang: () => { for (;;); },
     die: () => { setTimeout(() => { throw new Error('gone') }); return new Promise(() => {}) },
   }))`,
)

interface Api {
  times(n: number): number
  later(n: number): Promise<number>
  fail(): void
  priority(): number
  break(): void
  hang(): void
  die(): void
}
const start = (options?: { aside: boolean }) =>
  startThread<Api>(pathToFileURL(join(folder, 'thread.ts')), { factor: 3 }, options)

test('calls are answered, out of order where they take long', async () => {
  const thread = start()
  const order: number[] = []
  await Promise.all([40, 1].map(n => thread.call('later', n).then(answer => order.push(answer))))
  expect(order).toEqual([1, 40])
  expect(await thread.call('times', 14)).toBe(42)
  await thread.stop()
})

test('errors keep their code and message across the line', async () => {
  const thread = start()
  await expect(thread.call('fail')).rejects.toMatchObject({ code: 'not-found', detail: 'that one', httpStatus: 404 })
  await expect(thread.call('break')).rejects.toThrow('broken')
  expect(await thread.call('times', 1)).toBe(3)
  await thread.stop()
})

test('a thread that stands aside has a low priority of its own, and nobody else has', async () => {
  const [aside, other] = [start({ aside: true }), start()]
  const usual = getPriority()
  expect(await aside.call('priority')).toBe(process.platform === 'linux' ? Math.max(10, usual) : usual)
  expect(await other.call('priority')).toBe(usual)
  expect(getPriority()).toBe(usual)
  expect(await aside.call('times', 14)).toBe(42)
  await Promise.all([aside.stop(), other.stop()])
})

test('a thread that hangs can be stopped, one that dies is told; open calls reject', async () => {
  const hanging = start()
  const call = hanging.call('hang').catch((error: unknown) => error)
  await hanging.stop()
  expect(await call).toMatchObject({ code: 'internal' })
  expect(await hanging.ended).toBeUndefined()
  const dying = start()
  await expect(dying.call('die')).rejects.toMatchObject({ code: 'internal' })
  expect((await dying.ended)?.message).toBe('gone')
  await expect(dying.call('times', 1)).rejects.toMatchObject({ code: 'internal' })
})
