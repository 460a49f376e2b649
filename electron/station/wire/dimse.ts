import { normaliseUID } from '../../../shared/dicom/uids.ts'

/** PS3.7 annex E: the command fields spoken here. A response is its request with bit 15 set. */
export const COMMAND = {
  cStoreRQ: 0x0001,
  cGetRQ: 0x0010,
  cFindRQ: 0x0020,
  cMoveRQ: 0x0021,
  cEchoRQ: 0x0030,
  nEventReportRQ: 0x0100,
  nGetRQ: 0x0110,
  nSetRQ: 0x0120,
  nActionRQ: 0x0130,
  nCreateRQ: 0x0140,
  nDeleteRQ: 0x0150,
  cCancelRQ: 0x0fff,
  response: 0x8000,
} as const

/** PS3.7 annex C and PS3.4 §C.4. */
export const STATUS = {
  success: 0x0000,
  processingFailure: 0x0110,
  duplicateSOPInstance: 0x0111,
  noSuchObjectInstance: 0x0112,
  noSuchEventType: 0x0113,
  invalidArgumentValue: 0x0115,
  missingAttribute: 0x0120,
  noSuchActionType: 0x0123,
  unrecognizedOperation: 0x0211,
  unableToPerformSuboperations: 0xa702,
  identifierDoesNotMatch: 0xa900,
  /** One or more sub-operations failed, or had something to say. */
  someSuboperationsFailed: 0xb000,
  unableToProcess: 0xc000,
  cancelled: 0xfe00,
  pending: 0xff00,
  /** Pending; one or more optional keys were not matched on or not returned. */
  pendingWarning: 0xff01,
} as const

/** Command Data Set Type (0000,0800): this value says that no data set follows, every other one that one does. */
export const NO_DATA_SET = 0x0101
export const DATA_SET_FOLLOWS = 0x0000

/** No command set of the standard comes near; the bound is for those who send garbage. */
export const LONGEST_COMMAND = 64 * 1024

/** The command elements acted on here, by keyword, in the order of their tags (PS3.7 table E.1-1). */
const ELEMENTS = {
  AffectedSOPClassUID: [0x0002, 'UI'],
  RequestedSOPClassUID: [0x0003, 'UI'],
  CommandField: [0x0100, 'US'],
  MessageID: [0x0110, 'US'],
  MessageIDBeingRespondedTo: [0x0120, 'US'],
  MoveDestination: [0x0600, 'AE'],
  Priority: [0x0700, 'US'],
  CommandDataSetType: [0x0800, 'US'],
  Status: [0x0900, 'US'],
  ErrorComment: [0x0902, 'LO'],
  ErrorID: [0x0903, 'US'],
  AffectedSOPInstanceUID: [0x1000, 'UI'],
  RequestedSOPInstanceUID: [0x1001, 'UI'],
  EventTypeID: [0x1002, 'US'],
  ActionTypeID: [0x1008, 'US'],
  NumberOfRemainingSuboperations: [0x1020, 'US'],
  NumberOfCompletedSuboperations: [0x1021, 'US'],
  NumberOfFailedSuboperations: [0x1022, 'US'],
  NumberOfWarningSuboperations: [0x1023, 'US'],
  MoveOriginatorApplicationEntityTitle: [0x1030, 'AE'],
  MoveOriginatorMessageID: [0x1031, 'US'],
} as const

type Keyword = keyof typeof ELEMENTS
type NumberKeyword = { [K in Keyword]: (typeof ELEMENTS)[K][1] extends 'US' ? K : never }[Keyword]
type TextKeyword = Exclude<Keyword, NumberKeyword>
type Elements = { [K in NumberKeyword]?: number } & { [K in TextKeyword]?: string }

export type CommandSet = Elements & { CommandField: number; CommandDataSetType: number }

/** The command set of a message is not one (PS3.7 §6.3.1): the peer is not speaking DIMSE, the association ends. */
export class CommandError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'CommandError'
  }
}

/** Implicit VR Little Endian whatever was negotiated (PS3.7 §6.3.1). Unknown elements are passed over. Throws CommandError. */
export function decodeCommand(bytes: Buffer): CommandSet {
  const found: Elements = {}
  for (let at = 0; at < bytes.length; ) {
    if (at + 8 > bytes.length) throw new CommandError(`${bytes.length - at} bytes after the last command element`)
    const group = bytes.readUInt16LE(at)
    const element = bytes.readUInt16LE(at + 2)
    const length = bytes.readUInt32LE(at + 4)
    if (group !== 0) throw new CommandError(`group ${group.toString(16)} in a command set`)
    if (length > bytes.length - at - 8)
      throw new CommandError(`element ${element.toString(16)} overruns the command set`)
    const from = at + 8
    at = from + length
    const row = BY_ELEMENT.get(element)
    if (!row) continue
    if (row.vr === 'US') {
      if (length !== 2) throw new CommandError(`${row.keyword} has ${length} bytes`)
      found[row.keyword] = bytes.readUInt16LE(from)
    } else {
      const text = bytes.toString('latin1', from, at)
      found[row.keyword] = row.vr === 'UI' ? normaliseUID(text) : text.trim()
    }
  }
  const { CommandField, CommandDataSetType } = found
  if (CommandField === undefined || CommandDataSetType === undefined) {
    throw new CommandError('a command set without Command Field or Command Data Set Type')
  }
  return { ...found, CommandField, CommandDataSetType }
}

type Row = { element: number } & (
  | { keyword: NumberKeyword; vr: 'US' }
  | { keyword: TextKeyword; vr: 'UI' | 'LO' | 'AE' }
)
const ROWS = Object.entries(ELEMENTS).map(([keyword, [element, vr]]) => ({ keyword, element, vr }) as Row)
const BY_ELEMENT = new Map(ROWS.map(row => [row.element, row]))

/** The bytes of a command set, group length first. */
export function encodeCommand(command: CommandSet): Buffer {
  let length = GROUP_LENGTH_BYTES
  for (const { keyword } of ROWS) {
    const value = command[keyword]
    if (value !== undefined) length += 8 + (typeof value === 'number' ? 2 : value.length + (value.length & 1))
  }
  const bytes = Buffer.allocUnsafe(length)
  writeHeader(bytes, 0, 0x0000, 4)
  bytes.writeUInt32LE(length - GROUP_LENGTH_BYTES, 8)
  let at = GROUP_LENGTH_BYTES
  for (const { keyword, element, vr } of ROWS) {
    const value = command[keyword]
    if (value === undefined) continue
    const valueLength = typeof value === 'number' ? 2 : value.length + (value.length & 1)
    writeHeader(bytes, at, element, valueLength)
    at += 8
    if (typeof value === 'number') bytes.writeUInt16LE(value, at)
    else {
      bytes.write(value, at, 'latin1')
      if (valueLength > value.length) bytes[at + value.length] = vr === 'UI' ? 0 : 0x20
    }
    at += valueLength
  }
  return bytes
}

/** (0000,0000), header and value. */
const GROUP_LENGTH_BYTES = 12

function writeHeader(bytes: Buffer, at: number, element: number, length: number): void {
  bytes.writeUInt16LE(0, at)
  bytes.writeUInt16LE(element, at + 2)
  bytes.writeUInt32LE(length, at + 4)
}

/**
 * The response to a request (PS3.7 §9.3, §10.3): same operation, message, SOP class and instance; no data set. `comment` becomes Error Comment
 * (0000,0902), LO: at most 64 characters of the default repertoire.
 */
export function responseTo(request: CommandSet, status: number, comment?: string): CommandSet {
  return {
    AffectedSOPClassUID: request.AffectedSOPClassUID ?? request.RequestedSOPClassUID,
    CommandField: request.CommandField | COMMAND.response,
    MessageIDBeingRespondedTo: request.MessageID,
    CommandDataSetType: NO_DATA_SET,
    Status: status,
    ErrorComment: comment === undefined ? undefined : comment.replace(/[^\x20-\x5b\x5d-\x7e]/g, '?').slice(0, 64),
    AffectedSOPInstanceUID: request.AffectedSOPInstanceUID ?? request.RequestedSOPInstanceUID,
    EventTypeID: request.EventTypeID,
    ActionTypeID: request.ActionTypeID,
  }
}

/** C-STORE-RQ (PS3.7 §9.3.1.1), medium priority, with a data set to follow. */
export function storeRequest(
  MessageID: number,
  AffectedSOPClassUID: string,
  AffectedSOPInstanceUID: string,
): CommandSet {
  return {
    AffectedSOPClassUID,
    CommandField: COMMAND.cStoreRQ,
    MessageID,
    Priority: 0,
    CommandDataSetType: DATA_SET_FOLLOWS,
    AffectedSOPInstanceUID,
  }
}

/** C-FIND-RQ, C-GET-RQ or C-MOVE-RQ (PS3.7 §9.3.2 to §9.3.4), medium priority, with an identifier to follow. */
export function queryRequest(
  CommandField: typeof COMMAND.cFindRQ | typeof COMMAND.cGetRQ | typeof COMMAND.cMoveRQ,
  AffectedSOPClassUID: string,
  MoveDestination?: string,
): CommandSet {
  return {
    AffectedSOPClassUID,
    CommandField,
    MessageID: 0,
    MoveDestination,
    Priority: 0,
    CommandDataSetType: DATA_SET_FOLLOWS,
  }
}

/** C-CANCEL-RQ (PS3.7 §9.3.2.3): it has no answer. */
export function cancelRequest(MessageIDBeingRespondedTo: number): CommandSet {
  return { CommandField: COMMAND.cCancelRQ, MessageIDBeingRespondedTo, CommandDataSetType: NO_DATA_SET }
}

/** C-ECHO-RQ (PS3.7 §9.3.5.1). */
export function echoRequest(MessageID: number): CommandSet {
  return {
    AffectedSOPClassUID: '1.2.840.10008.1.1',
    CommandField: COMMAND.cEchoRQ,
    MessageID,
    CommandDataSetType: NO_DATA_SET,
  }
}
