import { expect, test } from 'vitest'
import { printFilms } from '../../electron/station/dimse/print/printScu.ts'
import { COMMAND, type CommandSet } from '../../electron/station/wire/dimse.ts'
import type { AcceptedContext } from '../../electron/station/wire/messages.ts'
import { type Printer, printer } from '../../shared/config.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { type NewDataSet, writeDataSet } from '../../shared/dicom/writer.ts'

/** What no printer of the test machine does: colour, warnings, reports meanwhile. `test/station/outlets.test.ts` has a real one. */
const ENCODING = encodingOf(TS.ExplicitVRLittleEndian)
const write = (values: NewDataSet) => Buffer.from(writeDataSet(values, ENCODING))
type Answer = { Status?: number; AffectedSOPInstanceUID?: string; dataSet?: NewDataSet }
type Open = Parameters<typeof printFilms>[2]['open']

/** A printer that answers as it is told, by what is asked; else Success, with two places on each film. */
function scripted(answers: Record<number, Answer>, meanwhile?: NewDataSet) {
  const asked: Array<{ command: CommandSet; dataSet: DataSet | undefined; raw: string }> = []
  const responses: CommandSet[] = []
  const open: Open = async (_, offered, options) => {
    const contexts: AcceptedContext[] = offered.map(({ abstractSyntax }, index) => ({
      id: index * 2 + 1,
      abstractSyntax,
      transferSyntax: TS.ExplicitVRLittleEndian,
    }))
    const never = () => {
      throw new Error('not of a print')
    }
    return {
      ...{ contexts, storing: [], implementation: '', frame: never, ask: never, echo: never },
      ...{ abort: async () => {}, release: async () => {}, sent() {}, received() {}, failed() {} },
      async converse(_id, command, identifier) {
        const bytes = Buffer.from(identifier ?? [])
        asked.push({
          command,
          dataSet: identifier && DataSet.read(bytes, ENCODING),
          raw: bytes.toString('latin1'),
        })
        if (command.CommandField === COMMAND.nActionRQ && meanwhile) {
          const report = { CommandField: COMMAND.nEventReportRQ, MessageID: 7, EventTypeID: 2, CommandDataSetType: 0 }
          const sink = options?.onRequest?.(contexts[0]!, report, async response => responses.push(response))
          sink?.write(write(meanwhile))
          await sink?.end()
        }
        const { Status = 0, dataSet, ...more } = answers[command.CommandField] ?? {}
        const places = [1, 2].map(place => ({
          ReferencedSOPClassUID: '1.2',
          ReferencedSOPInstanceUID: `1.2.3.${place}`,
        }))
        const isFilm = command.AffectedSOPClassUID === '1.2.840.10008.5.1.1.2'
        const answered = dataSet ?? (isFilm ? { ReferencedImageBoxSequence: places } : undefined)
        return {
          response: { CommandField: command.CommandField | COMMAND.response, CommandDataSetType: 0, Status, ...more },
          identifier: answered ? write(answered) : Buffer.alloc(0),
        }
      },
    }
  }
  return { open, asked, responses }
}

const film: Printer = printer.parse({ name: 'Film', AET: 'FILM', host: 'printer.example', port: 104 })
const layout = { rows: 1, columns: 2, landscape: false, copies: 3 }
const grey = { Rows: 1, Columns: 2, SamplesPerPixel: 1 as const, pixels: Uint8Array.of(7, 8) }
const rgb = { Rows: 1, Columns: 2, SamplesPerPixel: 3 as const, pixels: Uint8Array.of(1, 2, 3, 4, 5, 6) }
function progress(signal = new AbortController().signal) {
  const counted = {
    signal,
    films: 0,
    printed() {
      counted.films += 1
    },
  }
  return counted
}
const fieldsOf = (asked: Array<{ command: CommandSet }>) => asked.map(({ command }) => command.CommandField)

test('colour goes by plane, a place that is left empty gets nothing, and the session says how many copies', async () => {
  const { open, asked } = scripted({})
  const counted = progress()
  const print = {
    layout,
    films: [
      [rgb, undefined],
      [undefined, grey],
    ],
  }
  expect(await printFilms({ ...film, color: true }, print, { open }, counted)).toEqual([])
  expect(counted.films).toBe(2)
  const { nGetRQ, nCreateRQ, nSetRQ, nActionRQ, nDeleteRQ } = COMMAND
  const one = [nCreateRQ, nSetRQ, nActionRQ, nDeleteRQ]
  expect(fieldsOf(asked)).toEqual([nGetRQ, nCreateRQ, nCreateRQ, ...one, ...one, nDeleteRQ])
  // (2000,0010) by its bytes: a data set that begins with group 2000 alone looks like big endian to a reader of files.
  expect(asked[1]?.raw).toContain('IS\x02\x003 ')
  const boxes = asked.flatMap(({ command, dataSet }) => (command.CommandField === nSetRQ && dataSet ? [dataSet] : []))
  expect(boxes.map(box => box.number('ImageBoxPosition'))).toEqual([1, 2])
  const pictures = boxes.map(box => box.items('BasicColorImageSequence')[0]!)
  expect(pictures.map(one => [...(one.bytes('PixelData') ?? [])])).toEqual([
    [1, 4, 2, 5, 3, 6],
    [7, 8, 7, 8, 7, 8],
  ])
  expect(pictures[0]?.number('PlanarConfiguration')).toBe(1)
})

test('what the printer has to say beside its work is told, and what it will not delete was printed all the same', async () => {
  const answers = { [COMMAND.nSetRQ]: { Status: 0xb604 }, [COMMAND.nDeleteRQ]: { Status: 0x0110 } }
  const { open, responses } = scripted(answers, { PrinterStatus: 'WARNING', PrinterStatusInfo: 'SUPPLY LOW' })
  const counted = progress()
  const said = await printFilms(film, { layout, films: [[grey, rgb]] }, { open }, counted)
  expect(said).toEqual([
    'the image was larger than its place and was made smaller (0xb604)',
    'its film or paper runs low',
  ])
  expect(counted.films).toBe(1)
  expect(responses).toMatchObject([{ CommandField: 0x8100, MessageIDBeingRespondedTo: 7, Status: 0 }])
})

test('a printer that fails gets no film, and one without the Presentation LUT prints by its own set-up, which is said', async () => {
  const down = scripted({ [COMMAND.nGetRQ]: { dataSet: { PrinterStatus: 'FAILURE', PrinterStatusInfo: 'FILM JAM' } } })
  const print = { layout, films: [[grey]] }
  await expect(printFilms(film, print, { open: down.open }, progress())).rejects.toMatchObject({
    code: 'print-failed',
    detail: 'Film: a film is jammed',
  })
  expect(fieldsOf(down.asked)).toEqual([COMMAND.nGetRQ])
  const { open, asked } = scripted({})
  const without: Open = async (node, offered, options) => {
    const line = await open(node, offered, options)
    return { ...line, contexts: line.contexts.slice(0, 1) }
  }
  expect(await printFilms(film, print, { open: without }, progress())).toEqual([
    'it knows no Presentation LUT: how dark a level is was up to its own set-up',
  ])
  const box = asked.find(({ dataSet }) => dataSet?.has('ImageDisplayFormat'))?.dataSet
  expect(box?.has('ReferencedPresentationLUTSequence')).toBe(false)
  const quiet = await printFilms({ ...film, identity: false }, print, { open }, progress())
  expect(quiet).toEqual([])
  const stopped = new AbortController()
  stopped.abort()
  await expect(printFilms(film, print, { open }, progress(stopped.signal))).rejects.toMatchObject({ code: 'cancelled' })
})
