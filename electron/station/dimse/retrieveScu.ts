import type { Node } from '../../../shared/config.ts'
import { encodingOf } from '../../../shared/dicom/encoding.ts'
import { DataSet } from '../../../shared/dicom/reader.ts'
import { isStorableUID, normaliseUID, TS } from '../../../shared/dicom/uids.ts'
import { writeDataSet } from '../../../shared/dicom/writer.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { Store } from '../store/index.ts'
import type { UniqueKeys } from '../wire/carried.ts'
import { COMMAND, CommandError, type CommandSet, queryRequest, STATUS } from '../wire/dimse.ts'
import type { ScuOptions } from '../wire/scu.ts'
import type { AssociationAudit } from './associationAudit.ts'
import type { ExpectedMoves } from './expectedMoves.ts'
import type { Outgoing } from './outgoing.ts'
import { FIND_CONTEXTS, find, PLAIN_SYNTAXES } from './queryScu.ts'
import type { Sender } from './services.ts'
import { receiveStore } from './storageScp.ts'
import type { Progress } from './storageScu.ts'
import type { OfferedContext } from './transferPlan.ts'

export const GET = '1.2.840.10008.5.1.4.1.2.2.3'
const MOVE = '1.2.840.10008.5.1.4.1.2.2.2'

/** PS3.8 §9.3.2.2, less one for the C-GET itself. */
const MOST_STORAGE_CONTEXTS = 127

/** What a study may hold that does not say it: below 1.2.840.10008.5.1.4.1.1. */
// biome-ignore format: a table
export const USUAL_CLASSES = [
  '1', '1.1', '1.1.1', '1.2', '1.2.1', '1.3', '2', '2.1', '3.1', '4', '4.1', '4.2', '6.1', '6.2', '7', '7.1', '7.2', '7.3', '7.4',
  '9.1.1', '11.1', '12.1', '12.1.1', '12.2', '12.2.1', '13.1.1', '13.1.2', '13.1.3', '20', '30', '66', '66.4', '77.1.1', '77.1.2',
  '77.1.4', '77.1.5.1', '77.1.5.4', '77.1.6', '88.11', '88.22', '88.33', '88.59', '88.67', '104.1', '128', '130', '481.1', '481.2',
  '481.3', '481.5',
].map(end => `1.2.840.10008.5.1.4.1.1.${end}`)

/** Compressed forms, the likelier in an archive the earlier; a context of its own for each says that it is taken as it is stored. */
const COMPRESSED = [
  TS.JPEG2000Lossless,
  TS.JPEGLosslessSV1,
  TS.JPEGBaseline8Bit,
  TS.JPEGLSLossless,
  TS.RLELossless,
  TS.JPEG2000,
  TS.JPEGExtended12Bit,
  TS.JPEGLSNearLossless,
]

export interface FetchDeps {
  audit: Pick<AssociationAudit, 'stored'>
  store: Pick<Store, 'beginReceive'>
  /** How its objects are taken when it sends them to us. */
  senderOf(node: Node): Sender
  expected: Pick<ExpectedMoves, 'begin'>
  /** The archive that a node is, if it is one: what it gives is not sent back there. */
  archiveAt(node: string): string | undefined
  /** What we call ourselves: the destination of a C-MOVE. */
  AET: string
  open(node: Node, contexts: OfferedContext[], more?: Pick<ScuOptions, 'roles' | 'onRequest'>): Promise<Outgoing>
}

/**
 * Fetches a study from a node: by C-GET over one association, else by C-MOVE to ourselves (PS3.4 §C.4.2, §C.4.3). What comes goes the
 * one way in. Rejects with 'peer-failed' when the node has neither, or says so; what it could not send is told object by object.
 */
export async function fetchStudy(
  node: Node,
  StudyInstanceUID: string,
  deps: FetchDeps,
  progress: Progress,
): Promise<void> {
  const classes = await classesOf(node, StudyInstanceUID, deps, progress.signal)
  if (progress.signal.aborted) return
  const { done, stored } = await get(node, StudyInstanceUID, classes, deps, progress)
  if (done || progress.signal.aborted) return
  await moveToSelf(node, { StudyInstanceUID }, stored, deps, progress)
}

/** What the node says of SOP Classes in Study (0008,0062); the usual ones where it says nothing. */
async function classesOf(
  node: Node,
  StudyInstanceUID: string,
  { open }: FetchDeps,
  stop: AbortSignal,
): Promise<string[]> {
  const line = await open(node, FIND_CONTEXTS)
  const classes = new Set<string>()
  try {
    const keys = { StudyInstanceUID, SOPClassesInStudy: '' }
    await find(
      line,
      'STUDY',
      keys,
      match => {
        for (const uid of match.strings('SOPClassesInStudy').map(normaliseUID)) if (isStorableUID(uid)) classes.add(uid)
      },
      stop,
    )
  } catch {
    // Whoever does not answer queries may still send: the doctor has been told.
  } finally {
    void line.release()
  }
  return classes.size > 0 ? [...classes].slice(0, MOST_STORAGE_CONTEXTS) : USUAL_CLASSES
}

/** As many contexts as there is room for: uncompressed for each class first, then what an archive is likely to hold. */
export function storageContexts(classes: readonly string[]): OfferedContext[] {
  const some = classes.slice(0, MOST_STORAGE_CONTEXTS)
  const each = Math.floor(MOST_STORAGE_CONTEXTS / Math.max(1, some.length))
  return some.flatMap(abstractSyntax => [
    { abstractSyntax, transferSyntaxes: PLAIN_SYNTAXES },
    ...COMPRESSED.slice(0, each - 1).map(uid => ({ abstractSyntax, transferSyntaxes: [uid] })),
  ])
}

/** Not `done`: what has not come this way may come another. */
async function get(
  node: Node,
  StudyInstanceUID: string,
  classes: string[],
  deps: FetchDeps,
  progress: Progress,
): Promise<{ done: boolean; stored: number }> {
  let stored = 0
  const line: Outgoing = await deps.open(
    node,
    [{ abstractSyntax: GET, transferSyntaxes: PLAIN_SYNTAXES }, ...storageContexts(classes)],
    {
      roles: classes.map(SOPClassUID => ({ SOPClassUID, scu: false, scp: true })),
      onRequest: (context, command, respond) => {
        if (command.CommandField !== COMMAND.cStoreRQ) throw new CommandError('a request that no C-GET makes')
        return receiveStore(deps.store, deps.senderOf(node), context, command, respond, {
          stored: (received, SOPClassUID) => {
            stored += 1
            line.received()
            deps.audit.stored(received, SOPClassUID)
            progress.received(received.outcome)
          },
          failed: (error, SOPInstanceUID) => progress.failed(SOPInstanceUID, error.detail ?? error.message),
        })
      },
    },
  )
  try {
    const context = line.contexts.find(({ abstractSyntax }) => abstractSyntax === GET)
    if (!context) return { done: false, stored }
    const encoding = encodingOf(context.transferSyntax)
    const { response } = await line.converse(
      context.id,
      queryRequest(COMMAND.cGetRQ, GET),
      writeDataSet({ QueryRetrieveLevel: 'STUDY', StudyInstanceUID }, encoding),
      pending => progress.total(totalOf(pending)),
      progress.signal,
    )
    const { Status = -1, NumberOfFailedSuboperations = 0 } = response
    const whole = Status === STATUS.success || Status === STATUS.someSuboperationsFailed
    // Objects of a class that was not proposed may come by C-MOVE; what is here already comes twice and is kept once.
    const done = whole && stored > 0 && NumberOfFailedSuboperations === 0
    return { done: done || Status === STATUS.cancelled, stored }
  } finally {
    void line.release()
  }
}

/** Query/Retrieve Level (0008,0052) of what the keys name. */
export function levelOf({ SeriesInstanceUID, SOPInstanceUID }: UniqueKeys): 'STUDY' | 'SERIES' | 'IMAGE' {
  return SOPInstanceUID ? 'IMAGE' : SeriesInstanceUID ? 'SERIES' : 'STUDY'
}

/** `already`: so many of it have come and are counted. */
export async function moveToSelf(
  node: Node,
  keys: UniqueKeys,
  already: number,
  { AET, open, expected, archiveAt }: Pick<FetchDeps, 'AET' | 'open' | 'expected' | 'archiveAt'>,
  progress: Progress,
): Promise<void> {
  const line = await open(node, [{ abstractSyntax: MOVE, transferSyntaxes: PLAIN_SYNTAXES }])
  const { MessageID, over } = expected.begin(node, keys, archiveAt(node.name))
  try {
    const context = line.contexts.find(({ abstractSyntax }) => abstractSyntax === MOVE)
    if (!context) {
      const got = already > 0 ? 'could not send all of it by C-GET, and has no C-MOVE' : 'has neither C-GET nor C-MOVE'
      throw new IsocenterError('peer-failed', `${node.name} ${got} for us`)
    }
    const encoding = encodingOf(context.transferSyntax)
    let told = 0
    const count = ({ NumberOfCompletedSuboperations = 0, NumberOfWarningSuboperations = 0 }: CommandSet) => {
      for (; told < NumberOfCompletedSuboperations + NumberOfWarningSuboperations; told += 1) {
        if (told >= already) progress.received('stored')
      }
    }
    const { response, identifier } = await line.converse(
      context.id,
      { ...queryRequest(COMMAND.cMoveRQ, MOVE, AET), MessageID },
      writeDataSet({ QueryRetrieveLevel: levelOf(keys), ...keys }, encoding),
      pending => {
        progress.total(totalOf(pending))
        count(pending)
      },
      progress.signal,
    )
    count(response)
    const { Status = -1 } = response
    if (Status === STATUS.cancelled || progress.signal.aborted) return
    tellFailed(response, DataSet.read(identifier, encoding), progress)
    const { NumberOfFailedSuboperations: failed = 0 } = response
    if (Status === STATUS.success || Status === STATUS.someSuboperationsFailed) {
      if (told + already + failed === 0)
        throw new IsocenterError(
          'peer-failed',
          `${node.name} ${keys.SeriesInstanceUID ? 'does not have it' : 'has no image of this study'}`,
        )
      return
    }
    line.failed({ kind: 'status', service: 'C-MOVE', status: Status })
    const why = Status === 0xa801 ? `: it does not know "${AET}" as a destination` : ''
    throw new IsocenterError('peer-failed', `C-MOVE was answered 0x${Status.toString(16).padStart(4, '0')}${why}`)
  } finally {
    over()
    void line.release()
  }
}

function totalOf({
  NumberOfRemainingSuboperations: remaining = 0,
  NumberOfCompletedSuboperations: completed = 0,
  NumberOfFailedSuboperations: failed = 0,
  NumberOfWarningSuboperations: warning = 0,
}: CommandSet): number {
  return remaining + completed + failed + warning
}

/** Each that the node names, and the others by their number. */
function tellFailed({ NumberOfFailedSuboperations: failed = 0 }: CommandSet, list: DataSet, progress: Progress): void {
  const uids = list.strings('FailedSOPInstanceUIDList').map(normaliseUID).filter(Boolean)
  for (const uid of uids) progress.failed(uid, 'the node could not send it')
  for (let unnamed = uids.length; unnamed < failed; unnamed += 1) {
    progress.failed(`an image the node does not name (${unnamed + 1})`, 'the node could not send it')
  }
}
