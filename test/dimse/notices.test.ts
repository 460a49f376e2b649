import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import dcmjsDimse from 'dcmjs-dimse'
import { expect, onTestFinished, test } from 'vitest'
import type { Store } from '../../electron/station/store/index.ts'
import { Association } from '../../electron/station/wire/association.ts'
import { type CommandSet, responseTo } from '../../electron/station/wire/dimse.ts'
import { openAssociation } from '../../electron/station/wire/scu.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { type NewDataSet, writeDataSet } from '../../shared/dicom/writer.ts'
import { CommitmentPeer } from '../fakes/commitmentPeer.ts'
import { freePort } from '../fixtures/freePort.ts'
import { keep, node, openArchive } from './archive.ts'
import { CT_IMAGE, ctObject, part10, until } from './harness.ts'

const STEP = '1.2.840.10008.3.1.2.3.3'
const NOTICE = '1.2.840.10008.5.1.4.33'
const STUDY = '1.2.826.0.1.3680043.10.1'
const SERIES = '1.2.826.0.1.3680043.10.2'
const QUICK = { graceMs: 20, everyMs: 20, againMs: 20 }
const JUDGED = { judge: { tickMs: 20, quietMs: 0 } }

const inProgress: NewDataSet = {
  PerformedProcedureStepStatus: 'IN PROGRESS',
  PatientName: 'Doe^Jane',
  ScheduledStepAttributesSequence: [{ StudyInstanceUID: STUDY }],
}
const references = (numbers: number[]) =>
  numbers.map(number => ({
    ReferencedSOPClassUID: CT_IMAGE,
    ReferencedSOPInstanceUID: ctObject(number).SOPInstanceUID,
  }))
const completed = (numbers: number[]): NewDataSet => ({
  PerformedProcedureStepStatus: 'COMPLETED',
  PerformedSeriesSequence: [{ SeriesInstanceUID: SERIES, ReferencedImageSequence: references(numbers) }],
})

/** A modality that nobody has configured, telling of a step; resolves with the response. */
async function tell(
  port: number,
  kind: 'create' | 'set',
  uid: string,
  dataSet: NewDataSet,
  sopClass = STEP,
): Promise<CommandSet> {
  const syntax = TS.ImplicitVRLittleEndian
  const scu = await openAssociation({
    host: '127.0.0.1',
    port,
    callingAET: 'CT1',
    calledAET: 'ISOCENTER',
    contexts: [{ abstractSyntax: sopClass, transferSyntaxes: [syntax] }],
  })
  const command: CommandSet =
    kind === 'create'
      ? { CommandField: 0x0140, CommandDataSetType: 0, AffectedSOPClassUID: sopClass, AffectedSOPInstanceUID: uid }
      : { CommandField: 0x0120, CommandDataSetType: 0, RequestedSOPClassUID: sopClass, RequestedSOPInstanceUID: uid }
  const response = await scu.ask(1, command, writeDataSet(dataSet, encodingOf(syntax)))
  await scu.release()
  return response
}

const completeness = async (store: Store) => (await store.read.getStudy(STUDY)).study.completeness

async function untilVerdict(
  store: Store,
  verdict: string,
): Promise<NonNullable<Awaited<ReturnType<typeof completeness>>>> {
  for (;;) {
    const now = await completeness(store)
    if (now?.verdict === verdict) return now
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

test('a step is begun, changed and ended; what is final stays as it is', async () => {
  const { port } = await openArchive()
  expect(await tell(port, 'set', '1.9', completed([1]))).toMatchObject({ Status: 0x0112 })
  expect(await tell(port, 'create', '1.9', completed([1]))).toMatchObject({ Status: 0x0106 })
  expect(await tell(port, 'create', '1.9', inProgress)).toMatchObject({ Status: 0, AffectedSOPInstanceUID: '1.9' })
  expect(await tell(port, 'create', '1.9', inProgress)).toMatchObject({ Status: 0x0111 })
  expect(await tell(port, 'set', '1.9', { PerformedProcedureStepDescription: 'Head' })).toMatchObject({ Status: 0 })
  expect(await tell(port, 'set', '1.9', completed([1]))).toMatchObject({ Status: 0, AffectedSOPInstanceUID: '1.9' })
  expect(await tell(port, 'set', '1.9', completed([1]))).toMatchObject({
    Status: 0x0110,
    ErrorID: 0xa710,
    ErrorComment: 'Performed Procedure Step Object may no longer be updated',
  })
})

test('a step that is done proves the study, or says what of it is missing; a lost index forgets neither', async () => {
  const first = await openArchive([], { store: JUDGED })
  await tell(first.port, 'create', '1.9', inProgress)
  for (const number of [1, 2]) await keep(first.store, part10(ctObject(number)))
  const going = await untilVerdict(first.store, 'looksComplete')
  expect(going.reasons).toContain('CT1 has not said yet that its procedure step is done.')
  await tell(first.port, 'set', '1.9', completed([1, 2, 3]))
  const missing = await untilVerdict(first.store, 'missing')
  expect(missing).toMatchObject({
    missing: 1,
    reasons: [expect.stringContaining('names 3 objects; 1 of them is not'), expect.anything()],
  })
  expect(await first.store.read.lacking(STUDY)).toEqual([
    { SeriesInstanceUID: SERIES, SOPInstanceUIDs: [ctObject(3).SOPInstanceUID] },
  ])
  await keep(first.store, part10(ctObject(3)))
  await untilVerdict(first.store, 'proved')
  await first.store.settleAll()
  await first.close()
  for (const end of ['', '-wal', '-shm']) rmSync(join(first.dataDir, `index.sqlite${end}`), { force: true })
  const second = await openArchive([], { dataDir: first.dataDir, store: JUDGED })
  await second.store.repair(false, {
    signal: new AbortController().signal,
    total() {},
    received() {},
    passed() {},
    failed() {},
  })
  await untilVerdict(second.store, 'proved')
})

test('a commitment request proves the study that it names wholly', async () => {
  const { port, store } = await openArchive([node('MODALITY')], { store: JUDGED, reportTimes: QUICK })
  for (const number of [1, 2]) await keep(store, part10(ctObject(number)))
  const peer = new CommitmentPeer()
  await peer.ask(port, '1.2.3', [[CT_IMAGE, ctObject(1).SOPInstanceUID]])
  expect((await untilVerdict(store, 'looksComplete')).reasons.join()).toContain('one object of it stand')
  await peer.ask(port, '1.2.4', [[CT_IMAGE, ctObject(2).SOPInstanceUID]])
  await untilVerdict(store, 'proved')
})

test('an availability notice says what belongs to a study', async () => {
  const { port, store } = await openArchive([], { store: JUDGED })
  await keep(store, part10(ctObject(1)))
  const notice = {
    StudyInstanceUID: STUDY,
    ReferencedSeriesSequence: [
      {
        SeriesInstanceUID: SERIES,
        ReferencedSOPSequence: references([1, 2]).map(one => ({ ...one, InstanceAvailability: 'ONLINE' })),
      },
    ],
  }
  expect(await tell(port, 'create', '1.9', notice, NOTICE)).toMatchObject({ Status: 0 })
  expect((await untilVerdict(store, 'missing')).reasons[0]).toBe(
    'The availability notice of CT1 names 2 objects; 1 of them is not here.',
  )
})

test('steps are handed on as they came and in their order, when the node is there again', async () => {
  const own = await freePort()
  const { port, dimse } = await openArchive([node('RIS', own)], { handTo: ['ris'], reportTimes: QUICK })
  await tell(port, 'create', '1.9', inProgress)
  await tell(port, 'set', '1.9', completed([1]))
  await until(() => dimse.associations().some(({ outgoing, endedAt }) => outgoing && endedAt !== null))
  const heard = await listen(own)
  await until(() => heard.length === 2)
  expect(
    heard.map(({ command }) => [
      command.CommandField,
      command.AffectedSOPInstanceUID ?? command.RequestedSOPInstanceUID,
    ]),
  ).toEqual([
    [0x0140, '1.9'],
    [0x0120, '1.9'],
  ])
  const sent = [inProgress, completed([1])].map(one => writeDataSet(one, encodingOf(TS.ImplicitVRLittleEndian)))
  expect(heard.map(({ dataSet }) => dataSet)).toEqual(sent.map(bytes => Buffer.from(bytes)))
})

test('dcmjs-dimse, an implementation that shares no code with ours, tells of a step', async () => {
  const { port, store } = await openArchive([], { store: JUDGED })
  await keep(store, part10(ctObject(1)))
  const { Client, requests, Dataset, constants, log } = dcmjsDimse
  log.disableAll()
  const client = new Client()
  const create = new requests.NCreateRequest(STEP, '1.9')
  create.setDataset(new Dataset(inProgress))
  const set = new requests.NSetRequest(STEP, '1.9')
  set.setDataset(new Dataset(completed([1])))
  const statuses: number[] = []
  for (const request of [create, set]) {
    request.on('response', response => statuses.push(response.getStatus()))
    client.addRequest(request)
  }
  await new Promise<void>((resolve, reject) => {
    client.on('closed', () => resolve())
    client.on('networkError', reject)
    client.send('127.0.0.1', port, 'DCMJS', 'ISOCENTER')
  })
  expect(statuses).toEqual([constants.Status.Success, constants.Status.Success])
  await untilVerdict(store, 'proved')
})

/** A node that takes all it is told, until the test ends. */
async function listen(port: number): Promise<Array<{ command: CommandSet; dataSet: Buffer }>> {
  const heard: Array<{ command: CommandSet; dataSet: Buffer }> = []
  const server = createServer(socket => {
    const association: Association = new Association(socket, {
      role: 'acceptor',
      negotiate: asked => {
        const contexts = asked.contexts.map(({ id, transferSyntaxes }) => ({
          id,
          result: 0 as const,
          transferSyntax: transferSyntaxes[0] ?? '',
        }))
        return { accept: { ...asked, contexts } }
      },
      onMessage: (context, command) => {
        const parts: Buffer[] = []
        return {
          write: chunk => {
            parts.push(Buffer.from(chunk))
          },
          end: async () => {
            heard.push({ command, dataSet: Buffer.concat(parts) })
            await association.send(context.id, responseTo(command, 0))
          },
          abort: () => {},
        }
      },
      onEnd: () => {},
    })
  })
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
  })
  return heard
}
