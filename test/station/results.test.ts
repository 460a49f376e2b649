import { once } from 'node:events'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import path from 'node:path'
import { createServer as createSecureServer } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { startResults } from '../../electron/station/reporting/results/sendResults.ts'
import type { Store } from '../../electron/station/store/index.ts'
import type { AuditEvent } from '../../shared/audit.ts'
import { readAck } from '../../shared/reporting/hl7Ack.ts'
import { resultTargets } from '../../shared/reporting/resultTargets.ts'
import { createAuthority } from '../fixtures/certificates.ts'
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
  return listening(answers)
}

async function listening(answers: Answer[], secure?: { key: Buffer; cert: Buffer }) {
  const messages: string[] = []
  const lines = new Set<Socket>()
  const serve = (line: Socket) => {
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
  }
  const server = (secure ? createSecureServer(secure, serve) : createServer(serve)).listen(0, '127.0.0.1')
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

async function sign(
  store: Store,
  state: 'preliminary' | 'final',
  version = 1,
  rev = 0,
  study = STUDY,
): Promise<number> {
  const put = await store.decideReport(study, { kind: 'put', version, rev, content }, 'local')
  const signed = await store.decideReport(
    study,
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

test('what waits for one that is switched off is not given up, however long', async () => {
  const { store } = await newStore()
  await send(store, ctSlice(1))
  const target = { name: 'folder', kind: 'folder', folder: path.join(temporaryFolder(), 'later') }
  await store.results.setTargets([{ id: 'folder', preliminary: false }])
  await sign(store, 'final')
  const { results, states, problems } = await sending(store, [{ ...target, enabled: false }], { giveUpMs: 1 })
  const lastError = async () => (await results.list())[0]?.lastError
  await expect.poll(lastError, { timeout: 10_000 }).toBe('it is switched off')
  expect(await states()).toEqual(['waiting'])
  expect(problems).toEqual([])
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
  await expect.poll(reasons, { timeout: 20_000 }).toContain('there is no such folder')
  await store.decideReport(STUDY, { kind: 'put', version: 1, rev: released, content }, 'local')
  results.wake()
  await expect.poll(reasons, { timeout: 20_000 }).toContain('the report is being written again')
  // No sooner: an attempt that was under way at the put would find the folder.
  await mkdir(folder)
  results.wake()
  await sign(store, 'final', 1, released + 1)
  await expect.poll(states, { timeout: 10_000 }).toEqual(['sent', 'sent', 'replaced', 'replaced'])
  expect(problems).toEqual([])
  await results.close()
})

test('tried again, a report that was refused goes before its addendum, which then goes once more', async () => {
  const { store } = await newStore()
  await send(store, ctSlice(1))
  const ris = await receiver(ack('AR', 'unknown order'))
  const { results, states } = await sending(store, [
    { name: 'RIS', kind: 'mllp', host: '127.0.0.1', port: ris.port, pdf: false },
  ])
  await sign(store, 'final')
  results.wake()
  await expect.poll(states, { timeout: 20_000 }).toEqual(['refused'])
  const { rev } = await store.decideReport(STUDY, { kind: 'addend' }, 'local')
  await sign(store, 'final', 2, rev)
  results.wake()
  await expect.poll(states, { timeout: 20_000 }).toEqual(['sent', 'refused'])
  const [, refused] = await results.list()
  await results.retry(refused?.number ?? 0)
  await expect.poll(states, { timeout: 20_000 }).toEqual(['sent', 'sent', 'sent'])
  // OBR-25: the report, and what corrects it.
  const statuses = ris.messages.map(message => /\rOBR\|(?:[^|]*\|){24}(\w)/.exec(message)?.[1])
  expect(statuses).toEqual(['F', 'C', 'F', 'C'])
  // Another message to who keeps them by their ID, and not the same one late.
  expect(new Set(ris.messages.map(controlId)).size).toBe(3)
  await results.close()
})

test('an earlier report that is sent once more goes before the addendum that waits', async () => {
  const { store } = await newStore()
  await send(store, ctSlice(1))
  await store.results.setTargets([{ id: 'RIS', preliminary: false }])
  const sent = async () => {
    const due = await store.results.due('RIS')
    if (due) await store.results.over(due.number, 'sent', '')
    return due?.version
  }
  await sign(store, 'final')
  expect(await sent()).toBe(1)
  const { rev } = await store.decideReport(STUDY, { kind: 'addend' }, 'local')
  await sign(store, 'final', 2, rev)
  expect(await store.results.send(STUDY, 1, 'RIS')).toBe(1)
  expect([await sent(), await sent(), await sent()]).toEqual([1, 2, undefined])
})

test('one that never answers holds up no other; one that is called otherwise now keeps what waits for it', async () => {
  const { store } = await newStore()
  const silent = await receiver(...Array.from({ length: 5 }, () => () => 'silence' as const))
  const ris = await receiver()
  const address = { kind: 'mllp', host: '127.0.0.1', pdf: false }
  const dead = { ...address, name: 'dead', port: silent.port }
  const { results, problems } = await sending(store, [dead, { ...address, name: 'RIS', port: ris.port }], {
    answerMs: 600_000,
  })
  for (const study of [1, 2, 3, 4, 5]) {
    await send(store, ctSlice(study, {}, { study }))
    await sign(store, 'final', 1, 0, `2.25.1000.${study}`)
  }
  results.wake()
  const statesOf = async (id: string) =>
    (await results.list()).flatMap(({ target, state }) => (target === id ? [state] : []))
  await expect.poll(() => statesOf('RIS'), { timeout: 20_000 }).toEqual(Array(5).fill('sent'))
  expect(await statesOf('dead')).toEqual(Array(5).fill('waiting'))
  await results.close()

  const again = await sending(store, [dead])
  const [known] = again.results.targets()
  const renamed = resultTargets.parse([{ ...known, name: 'Ward', port: ris.port }])
  await again.results.setTargets(renamed)
  await expect.poll(() => statesOf('dead'), { timeout: 20_000 }).toEqual(Array(5).fill('sent'))
  expect(again.audited.at(-1)?.text).toBe('Report 1 to Ward as HL7')
  expect([...problems, ...again.problems]).toEqual([])
  await again.results.close()
})

test('one that is reached again gets all that waited at once, and not each when its pause is over', async () => {
  const { store } = await newStore()
  for (const study of [1, 2, 3]) await send(store, ctSlice(study, {}, { study }))
  const folder = path.join(temporaryFolder(), 'later')
  const { results, states } = await sending(store, [{ name: 'folder', kind: 'folder', folder }], {
    againMs: 3_600_000,
    againMostMs: 3_600_000,
  })
  for (const study of [1, 2]) await sign(store, 'final', 1, 0, `2.25.1000.${study}`)
  results.wake()
  const reasons = async () => (await results.list()).map(({ lastError }) => lastError)
  await expect.poll(reasons, { timeout: 20_000 }).toEqual(['there is no such folder', 'there is no such folder'])
  await mkdir(folder)
  await sign(store, 'final', 1, 0, '2.25.1000.3')
  await expect.poll(states, { timeout: 20_000 }).toEqual(['sent', 'sent', 'sent'])
  await results.close()
})

test('over TLS a report goes to who has a certificate that is believed, and to nobody else', async () => {
  const { store } = await newStore()
  await send(store, ctSlice(1))
  const folder = temporaryFolder()
  const [own, other] = [createAuthority(folder, 'own'), createAuthority(folder, 'other')]
  const { keyFile, certificateFile } = own.sign('ris')
  const ris = await listening([], { key: await readFile(keyFile), cert: await readFile(certificateFile) })
  const target = { name: 'RIS', kind: 'mllp', host: 'localhost', port: ris.port, tls: true, pdf: false }
  const { results, states } = await sending(store, [{ ...target, caFile: other.trustedFile }])
  await sign(store, 'final')
  results.wake()
  const reason = async () => (await results.list())[0]?.lastError
  await expect.poll(reason, { timeout: 20_000 }).toMatch(/certificate|signature/i)
  expect(ris.messages).toEqual([])
  const [known] = results.targets()
  await results.setTargets(resultTargets.parse([{ ...known, caFile: own.trustedFile }]))
  await expect.poll(states, { timeout: 20_000 }).toEqual(['sent'])
  expect(ris.messages).toHaveLength(1)
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
