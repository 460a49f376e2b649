import { expect, test } from 'vitest'
import { ExpectedMoves } from '../../electron/station/dimse/expectedMoves.ts'
import { COMMAND, queryRequest } from '../../electron/station/wire/dimse.ts'
import { openAssociation } from '../../electron/station/wire/scu.ts'
import { nodes } from '../../shared/config.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { statusPeer } from '../fakes/statusPeer.ts'

const [pacs, other] = nodes.parse([
  { name: 'pacs', AET: 'PACS', host: '10.0.0.5', port: 104, addresses: ['10.0.0.5', '10.0.0.6'] },
  { name: 'other', AET: 'OTHER', host: '10.0.0.7', port: 104 },
])
const KEYS = { StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.3' }
const UIDS = { ...KEYS, SOPInstanceUID: '1.2.3.4' }
const FROM_ARCHIVE = { archive: 'Central', proof: 'present' }

test('what runs is told by who sends it, for whom, and what; anything else comes as from a scanner', () => {
  const moves = new ExpectedMoves('ISOCENTER')
  const { MessageID, over } = moves.begin(pacs!, KEYS, 'Central')
  const second = moves.begin(other!, { StudyInstanceUID: '9' }, undefined)
  expect(second.MessageID).not.toBe(MessageID)
  const named = { MoveOriginatorApplicationEntityTitle: 'ISOCENTER', MoveOriginatorMessageID: MessageID }
  const sent = { callingAET: 'PACS', address: '10.0.0.6', command: named }
  expect(moves.from(sent, UIDS)).toEqual(FROM_ARCHIVE)
  // Not all name the originator.
  expect(moves.from({ ...sent, command: {} }, UIDS)).toEqual(FROM_ARCHIVE)
  const empty = { MoveOriginatorApplicationEntityTitle: '' }
  expect(moves.from({ ...sent, command: empty }, UIDS)).toEqual(FROM_ARCHIVE)
  expect(moves.from({ ...sent, command: { ...named, MoveOriginatorMessageID: MessageID + 1 } }, UIDS)).toBeUndefined()
  const elsewhere = { ...named, MoveOriginatorApplicationEntityTitle: 'READING' }
  expect(moves.from({ ...sent, command: elsewhere }, UIDS)).toBeUndefined()
  expect(moves.from({ ...sent, callingAET: 'SCANNER' }, UIDS)).toBeUndefined()
  expect(moves.from({ ...sent, address: '10.0.0.9' }, UIDS)).toBeUndefined()
  expect(moves.from(sent, { ...UIDS, StudyInstanceUID: '1.3' })).toBeUndefined()
  expect(moves.from(sent, { ...UIDS, SeriesInstanceUID: '1.2.9' })).toBeUndefined()
  // A node that is no archive: its images go where all others go.
  expect(moves.from({ ...sent, callingAET: 'OTHER' }, { ...UIDS, StudyInstanceUID: '9' })).toBeUndefined()
  over()
  expect(moves.from(sent, UIDS)).toBeUndefined()
})

test('an archive that sends under another AE title than it is asked at is told from a scanner by its “also sends as”, from its addresses', () => {
  const [sending] = nodes.parse([{ ...pacs!, sendsAs: ['PACS_OUT'] }])
  const moves = new ExpectedMoves('ISOCENTER')
  moves.begin(sending!, KEYS, 'Central')
  const sent = { callingAET: 'PACS_OUT', address: '10.0.0.5', command: {} }
  expect(moves.from(sent, UIDS)).toEqual(FROM_ARCHIVE)
  expect(moves.from({ ...sent, callingAET: 'PACS' }, UIDS)).toEqual(FROM_ARCHIVE)
  expect(moves.from({ ...sent, address: '10.0.0.9' }, UIDS)).toBeUndefined()
  expect(moves.from({ ...sent, callingAET: 'PACS_TOO' }, UIDS)).toBeUndefined()
  // Without it, it is a scanner.
  const unsaid = new ExpectedMoves('ISOCENTER')
  unsaid.begin(pacs!, KEYS, 'Central')
  expect(unsaid.from(sent, UIDS)).toBeUndefined()
})

test('one image that was asked for alone says nothing of the others of its series', () => {
  const moves = new ExpectedMoves('ISOCENTER')
  moves.begin(pacs!, UIDS, 'Central')
  const sent = { callingAET: 'PACS', address: '10.0.0.5', command: {} }
  expect(moves.from(sent, UIDS)).toEqual(FROM_ARCHIVE)
  expect(moves.from(sent, { ...UIDS, SOPInstanceUID: '1.2.3.5' })).toBeUndefined()
})

test('on one association each question has a Message ID of its own, and a C-MOVE the one it was given', async () => {
  const MOVE = '1.2.840.10008.5.1.4.1.2.2.2'
  const asked: Array<number | undefined> = []
  const { port } = await statusPeer((_, { MessageID }) => {
    asked.push(MessageID)
    return 0
  })
  const contexts = [{ abstractSyntax: MOVE, transferSyntaxes: [TS.ImplicitVRLittleEndian] }]
  const line = await openAssociation({ host: '127.0.0.1', port, callingAET: 'US', calledAET: 'PACS', contexts })
  const request = queryRequest(COMMAND.cMoveRQ, MOVE, 'US')
  for (const command of [request, request, { ...request, MessageID: 77 }]) {
    await line.converse(1, command, new Uint8Array(8), () => {})
  }
  await line.release()
  expect(asked).toEqual([1, 2, 77])
})
