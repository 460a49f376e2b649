import { expect, test } from 'vitest'
import { type StoreLine, sendObjects, type Transcoded } from '../../electron/station/dimse/subOperations.ts'
import type { RetrievableObject } from '../../electron/station/store/index.ts'
import { FramedDataSet } from '../../electron/station/wire/framing.ts'
import { PeerFailed } from '../../electron/station/wire/scu.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { never } from '../sync/harness.ts'

const CT = '1.2.840.10008.5.1.4.1.1.2'

/** Of a class and syntax that a peer which takes uncompressed ones alone has to be sent transcoded. */
const object = (number: number): RetrievableObject => ({
  contentId: number,
  path: '',
  fileOffset: 0,
  dataSetOffset: 0,
  dataSetLength: 8,
  StudyInstanceUID: '1.2',
  SeriesInstanceUID: '1.3',
  SOPInstanceUID: `1.4.${number}`,
  SOPClassUID: CT,
  TransferSyntaxUID: TS.JPEG2000Lossless,
  crc: null,
  unshowable: false,
  nestsTooDeep: false,
})

/** A line on which the peer answers this, and what was made of the objects for it: how many there are, how many were taken away. */
function sending(answer: () => Promise<{ Status: number }>, remove: () => Promise<void> = async () => {}) {
  const made = { of: 0, removed: 0 }
  const line: StoreLine = {
    storing: [{ id: 1, abstractSyntax: CT, transferSyntax: TS.ExplicitVRLittleEndian }],
    frame: (contextId, source) => new FramedDataSet(source, contextId, 1024),
    ask: async () => ({ CommandField: 0x8001, CommandDataSetType: 0x0101, ...(await answer()) }),
  }
  const deps = {
    files: { readOnce: () => Promise.reject(new Error('nothing is sent as it is stored')) },
    async transcode(): Promise<Transcoded> {
      made.of += 1
      return {
        length: 8,
        async read() {},
        async remove() {
          made.removed += 1
          await remove()
        },
      }
    },
  }
  return { line, deps, made }
}

test('what was made ready and is not sent is taken away, also where what it is read from does not end well', async () => {
  const { line, deps, made } = sending(async () => ({ Status: 0 }))
  let number = 0
  const objects: AsyncIterable<RetrievableObject> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false, value: object(++number) }),
      return: () => Promise.reject(new Error('the index is closed')),
    }),
  }
  const sent = sendObjects(line, objects, deps, never)
  for (let count = 0; count < 4; count++) expect((await sent.next()).value).toMatchObject({ outcome: 'completed' })
  await expect(sent.return(undefined)).rejects.toThrow('the index is closed')
  expect(made.of).toBeGreaterThan(5)
  expect(made.removed).toBe(made.of)
})

test('what cannot be taken away when it was sent was sent all the same, and a line that breaks is known as that', async () => {
  const ended = new PeerFailed({ kind: 'aborted', phase: 'open', fault: 'connection', words: 'it is gone' })
  let answers = 0
  const { line, deps, made } = sending(
    async () => (++answers === 1 ? { Status: 0 } : Promise.reject(ended)),
    () => Promise.reject(new Error('the disk is read-only')),
  )
  async function* objects() {
    for (let number = 1; number <= 4; number++) yield object(number)
  }
  const outcomes: unknown[] = []
  for await (const { outcome, reason, reset } of sendObjects(line, objects(), deps, never)) {
    outcomes.push([outcome, reason, reset])
  }
  expect(outcomes).toEqual([
    ['completed', '', undefined],
    ['failed', 'it is gone', true],
    ['failed', 'it is gone', false],
    ['failed', 'it is gone', false],
  ])
  expect(made.removed).toBe(made.of)
})
