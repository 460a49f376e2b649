import { once } from 'node:events'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startResults } from '../../electron/station/reporting/results/sendResults.ts'
import type { Store } from '../../electron/station/store/index.ts'
import type { AuditEvent } from '../../shared/audit.ts'
import { readAck } from '../../shared/reporting/hl7Ack.ts'
import { resultTargets } from '../../shared/reporting/resultTargets.ts'
import { ctSlice, newStore, send, temporaryFolder } from '../store/objects.ts'
import { silentLog } from '../web/counter.ts'

/** Signed reports on their way to another system, over a real connection. */
const STUDY = '2.25.1000.1'

/** What is answered to a message: its bytes, or nothing and the line stays open, or is closed. */
type Answer = (message: string) => string | 'silence' | 'close'

const controlId = (message: string) => message.split('\r')[0]?.split('|')[9] ?? ''
const ack =
  (code: string, words = '') =>
  (message: string) =>
    `MSH|^~\\&|RIS|||||||ACK|1|P|2.5.1\rMSA|${code}|${controlId(message)}|${words}\r`

async function receiver(...answers: Answer[]) {
  const messages: string[] = []
  const lines = new Set<Socket>()
  const server = createServer(line => {
    lines.add(line)
    let held = ''
    line.setEncoding('utf8').on('error', () => {})
    line.on('data', (text: string) => {
      held += text
      const end = held.indexOf('\x1c\r')
      if (end < 0) return
      const message = held.slice(held.indexOf('\x0b') + 1, end)
      messages.push(message)
      const answer = (answers.shift() ?? ack('AA'))(message)
      if (answer === 'close') line.destroy()
      else if (answer !== 'silence') {
        // In two pieces, as networks cut.
        line.write(`\x0b${answer.slice(0, 9)}`)
        line.write(`${answer.slice(9)}\x1c\r`)
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  onTestFinished(() => {
    for (const line of lines) line.destroy()
    server.close()
  })
  return { messages, port: typeof address === 'object' && address ? address.port : 0 }
}

const content = {
  version: 1 as const,
  template: 'own',
  title: 'CT chest',
  sections: [{ id: 'findings', title: 'Findings', text: 'No nodule.', links: [] }],
}

async function sign(store: Store, state: 'preliminary' | 'final', version = 1, rev = 0): Promise<number> {
  const put = await store.decideReport(STUDY, { kind: 'put', version, rev, content }, 'local')
  const signed = await store.decideReport(
    STUDY,
    { kind: 'sign', version, rev: put.rev, state, name: 'Curie^Marie' },
    'local',
  )
  return signed.rev
}

const QUICK = { reachMs: 2000, answerMs: 250, everyMs: 20, againMs: 20, againMostMs: 40, giveUpMs: 60_000 }

async function sending(store: Store, targets: unknown, more: Partial<typeof QUICK> = {}) {
  const logged: string[] = []
  const problems: string[] = []
  const audited: AuditEvent[] = []
  const line = (obj: object, message: string) => logged.push(`${message} ${JSON.stringify(obj)}`)
  const log = { ...silentLog, info: line, warn: line, error: line }
  const results = await startResults({
    store,
    log,
    audit: { record: async event => void audited.push(event) },
    sender: 'ISOCENTER',
    targets: resultTargets.parse(targets),
    keep: async () => {},
    makePdf: async () => Buffer.from('%PDF-1.7 test'),
    problem: ({ sentence, detail }) => problems.push(`${sentence} ${detail}`),
    times: { ...QUICK, ...more },
  })
  const states = async () => (await results.list()).map(({ state }) => state)
  return { results, logged, problems, audited, states }
}

test('what is signed reaches the other system once it says yes, whatever it said before, and over a restart', async () => {
  const { store } = await newStore()
  await send(store, ctSlice(1))
  const ris = await receiver(
    () => 'close',
    () => 'silence',
    ack('AE', 'Müller^Anna is locked'),
    ack('AA'),
  )
  const target = { name: 'RIS', kind: 'mllp', host: '127.0.0.1', port: ris.port }
  const first = await sending(store, [target])
  await sign(store, 'final')
  first.results.wake()
  await expect
    .poll(async () => (await first.results.list())[0]?.attempts, { timeout: 10_000 })
    .toBeGreaterThanOrEqual(2)
  await first.results.close()
  const again = await sending(store, [target])
  await expect.poll(again.states, { timeout: 10_000 }).toEqual(['sent'])
  expect(ris.messages.length).toBe(4)
  // The same message at every try, so that a system that has taken it without being able to say so knows it again.
  expect(new Set(ris.messages.map(controlId)).size).toBe(1)
  const [message = ''] = ris.messages
  expect(message).toContain('PID|1||ID-1')
  expect(message).toContain('No nodule.')
  expect(message).toContain(Buffer.from('%PDF-1.7 test').toString('base64'))
  const [row] = await again.results.list()
  expect(row).toMatchObject({ target: 'RIS', StudyInstanceUID: STUDY, version: 1, lastError: '' })
  expect([...first.logged, ...again.logged].join('\n')).not.toContain('Müller')
  await again.results.close()
})

test('a system that refuses for good is told to a person, who tries again; nothing waits for what is off', async () => {
  const { store } = await newStore()
  await send(store, ctSlice(1))
  const ris = await receiver(ack('AR', 'unknown order of Müller^Anna'))
  const { results, problems, logged, audited, states } = await sending(store, [
    { name: 'RIS', kind: 'mllp', host: '127.0.0.1', port: ris.port, pdf: false },
    { name: 'off', kind: 'mllp', host: '127.0.0.1', port: ris.port, enabled: false },
  ])
  await sign(store, 'final')
  results.wake()
  await expect.poll(states, { timeout: 10_000 }).toEqual(['refused'])
  const [row] = await results.list()
  expect(row?.lastError).toBe('it answered AR: unknown order of Müller^Anna')
  expect(problems).toEqual([
    `A signed report was not taken by RIS: see Settings › Reporting. study ${STUDY}, version 1`,
  ])
  expect(logged.join('\n')).not.toContain('Müller')
  expect(ris.messages[0]).not.toContain('Base64')
  await results.retry(row?.number ?? 0)
  await expect.poll(states, { timeout: 10_000 }).toEqual(['sent'])
  await expect(results.retry(row?.number ?? 0)).rejects.toMatchObject({ code: 'not-found' })
  await expect.poll(() => audited.map(({ outcome }) => outcome)).toEqual([4, 0])
  expect(audited[1]).toMatchObject({
    event: 'export',
    study: { StudyInstanceUID: STUDY },
    text: 'Report 1 to RIS as HL7',
  })
  await results.close()
})

test('what nobody takes is given up after its time; the later text of a version goes instead of the earlier', async () => {
  const { store } = await newStore()
  await send(store, ctSlice(1))
  const folder = path.join(temporaryFolder(), 'not-there')
  const target = { name: 'folder', kind: 'folder', folder, preliminary: true }
  const first = await sending(store, [target])
  const rev = await sign(store, 'preliminary')
  await sign(store, 'final', 1, rev)
  first.results.wake()
  await expect
    .poll(async () => (await first.results.list())[0]?.lastError, { timeout: 10_000 })
    .toBe('there is no such folder')
  expect(await first.states()).toEqual(['waiting', 'replaced'])
  await first.results.close()
  const { results, states } = await sending(store, [target], { giveUpMs: 1 })
  await expect.poll(states, { timeout: 10_000 }).toEqual(['gaveUp', 'replaced'])
  await results.close()
})

test('what waits for one that is switched off waits, and goes when it is on again', async () => {
  const { store } = await newStore()
  await send(store, ctSlice(1))
  const folder = path.join(temporaryFolder(), 'later')
  const target = { name: 'folder', kind: 'folder', folder }
  const { results, states } = await sending(store, [target])
  const lastError = async () => (await results.list())[0]?.lastError
  await sign(store, 'final')
  results.wake()
  await expect.poll(lastError, { timeout: 10_000 }).toBe('there is no such folder')
  await results.setTargets(resultTargets.parse([{ ...target, enabled: false }]))
  await mkdir(folder)
  await expect.poll(lastError, { timeout: 10_000 }).toBe('it is switched off')
  expect(await readdir(folder)).toEqual([])
  await results.setTargets(resultTargets.parse([target]))
  await expect.poll(states, { timeout: 10_000 }).toEqual(['sent'])
  await results.close()
})

test('a released text that is written again waits for what is signed of it; none goes to who takes none', async () => {
  const { store } = await newStore()
  await send(store, ctSlice(1))
  const folder = path.join(temporaryFolder(), 'later')
  const taking = { name: 'taking', kind: 'folder', folder, preliminary: true }
  const { results, states, problems } = await sending(store, [taking, { ...taking, name: 'not', preliminary: false }])
  const released = await sign(store, 'preliminary')
  expect(await results.send(STUDY, 1, undefined)).toBe(1)
  const reasons = async () => (await results.list()).map(({ lastError }) => lastError)
  // An attempt that is under way has read what was released.
  await expect.poll(reasons, { timeout: 20_000 }).toContain('there is no such folder')
  await store.decideReport(STUDY, { kind: 'put', version: 1, rev: released, content }, 'local')
  await mkdir(folder)
  results.wake()
  await expect.poll(reasons, { timeout: 20_000 }).toContain('the report is being written again')
  expect(await readdir(folder)).toEqual([])
  await sign(store, 'final', 1, released + 1)
  await expect.poll(states, { timeout: 10_000 }).toEqual(['sent', 'sent', 'replaced', 'replaced'])
  expect(problems).toEqual([])
  await results.close()
})

test('in a folder lies a whole file of the message, named by nothing of the patient', async () => {
  const { store } = await newStore()
  await send(store, ctSlice(1))
  const folder = temporaryFolder()
  const { results, states } = await sending(store, [{ name: 'folder', kind: 'folder', folder }])
  expect(await results.tryOut(resultTargets.parse([{ name: 'x', kind: 'folder', folder }])[0]!)).toEqual({
    works: true,
    words: '',
  })
  await sign(store, 'final')
  results.wake()
  await expect.poll(states, { timeout: 10_000 }).toEqual(['sent'])
  const [name = ''] = await readdir(folder)
  expect(name).toMatch(/^[0-9a-f]{20}\.hl7$/)
  const message = await readFile(path.join(folder, name), 'utf8')
  expect(message.startsWith('MSH|^~\\&|ISOCENTER')).toBe(true)
  expect(message.endsWith('\r')).toBe(true)
  await expect(results.send(STUDY, 2, undefined)).rejects.toMatchObject({ code: 'not-found' })
  expect(await results.send(STUDY, 1, undefined)).toBe(1)
  await expect.poll(states, { timeout: 10_000 }).toEqual(['sent', 'sent'])
  await results.close()
})

test('an acknowledgement is read as HL7 has it, and nothing else is one', () => {
  const head = 'MSH|^~\\&|A|B|C|D|20260101||ACK|9|P|2.3'
  expect(readAck(`${head}\rMSA|AA|77\r`, '77')).toEqual({ kind: 'accepted', code: 'AA', words: '' })
  expect(readAck(`${head}\nMSA|CE|77|late`, '77')).toEqual({ kind: 'error', code: 'CE', words: 'late' })
  const told = `${head}\rMSA|AR|77\rERR||PID^1|204|E||||order unknown\r`
  expect(readAck(told, '77')).toEqual({ kind: 'rejected', code: 'AR', words: 'order unknown' })
  expect(readAck('MSH#^~\\&\rMSA#AA#77', '77')).toMatchObject({ kind: 'accepted' })
  for (const [text, words] of [
    ['hello', 'its answer is no HL7 message'],
    [head, 'its answer acknowledges nothing'],
    [`${head}\rMSA|??|77`, 'its answer says neither yes nor no'],
    [`${head}\rMSA|AA|78`, 'its answer is for another message'],
  ] as const) {
    expect(readAck(text, '77')).toBe(words)
  }
})
