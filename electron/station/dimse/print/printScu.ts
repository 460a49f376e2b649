import { randomBytes } from 'node:crypto'
import type { Printer } from '../../../../shared/config.ts'
import { encodingOf } from '../../../../shared/dicom/encoding.ts'
import { DataSet } from '../../../../shared/dicom/reader.ts'
import { normaliseUID, TS, uidFromRandom } from '../../../../shared/dicom/uids.ts'
import { type NewDataSet, writeDataSet } from '../../../../shared/dicom/writer.ts'
import { IsocenterError } from '../../../../shared/errors.ts'
import {
  displayFormat,
  type FilmLayout,
  type FilmPicture,
  printAnswer,
  printerTrouble,
} from '../../../../shared/printing/printing.ts'
import { COMMAND, type CommandSet, DATA_SET_FOLLOWS, NO_DATA_SET, responseTo, STATUS } from '../../wire/dimse.ts'
import type { AcceptedContext, MessageSink } from '../../wire/messages.ts'
import { Pieces } from '../../wire/pieces.ts'
import type { OutgoingAssociations } from '../outgoing.ts'

/** PS3.4 §H.3: the meta classes stand for session, film box, image box and printer. */
const GREY_META = '1.2.840.10008.5.1.1.9'
const COLOR_META = '1.2.840.10008.5.1.1.18'
const PRESENTATION_LUT = '1.2.840.10008.5.1.1.23'
const FILM_SESSION = '1.2.840.10008.5.1.1.1'
const FILM_BOX = '1.2.840.10008.5.1.1.2'
const GREY_IMAGE_BOX = '1.2.840.10008.5.1.1.4'
const COLOR_IMAGE_BOX = '1.2.840.10008.5.1.1.4.1'
const PRINTER = '1.2.840.10008.5.1.1.16'
/** Well-known (PS3.4 §H.4.6). */
const PRINTER_INSTANCE = '1.2.840.10008.5.1.1.17'

/** What the printer is told of the light it is looked at in, where a Presentation LUT is referred to (PS3.3 §C.13.3.1): film on a viewing box. */
const VIEWING = { Illumination: 2000, ReflectedAmbientLight: 10 }
const LONGEST_REPORT = 64 * 1024
const SYNTAXES = [TS.ExplicitVRLittleEndian, TS.ImplicitVRLittleEndian]

interface PrintDeps {
  open: OutgoingAssociations['open']
}

/** What is printed; each film's pictures by their position, those that are left empty undefined. */
export interface Print {
  layout: FilmLayout
  films: Array<Array<FilmPicture | undefined>>
}

export interface PrintProgress {
  readonly signal: AbortSignal
  /** One more film was taken, with all its copies. */
  printed(): void
}

/**
 * Prints (PS3.4 annex H, as SCU): a film session, for each film its box, its pictures and the order to print it. Resolves with what the
 * printer had to say although it printed, in words, each once. Rejects with 'print-failed' in words, 'peer-failed', 'cancelled'; films that were
 * taken before that are printed.
 */
export async function printFilms(
  printer: Printer,
  { layout, films }: Print,
  { open }: PrintDeps,
  { signal, printed }: PrintProgress,
): Promise<string[]> {
  const said = new Set<string>()
  const line = await open(
    printer,
    [
      { abstractSyntax: printer.color ? COLOR_META : GREY_META, transferSyntaxes: SYNTAXES },
      ...(printer.identity ? [{ abstractSyntax: PRESENTATION_LUT, transferSyntaxes: SYNTAXES }] : []),
    ],
    { onRequest: (context, command, respond) => reportSink(context, command, respond, said) },
  )
  try {
    const meta = line.contexts.find(({ abstractSyntax }) => abstractSyntax !== PRESENTATION_LUT)
    if (!meta) throw failed(printer, printer.color ? 'it prints no colour' : 'it takes no films')
    const ask = asking(printer, line.converse, said)
    const { dataSet: status } = await ask(meta, { kind: 'get', SOPClassUID: PRINTER, SOPInstanceUID: PRINTER_INSTANCE })
    const trouble = printerTrouble(status?.string('PrinterStatusInfo') ?? '')
    if (status?.string('PrinterStatus') === 'FAILURE') throw failed(printer, trouble || 'it says that it fails')
    if (trouble !== '') said.add(trouble)

    /** What was printed stays printed, whatever becomes of its box. */
    const drop = (SOPClassUID: string, SOPInstanceUID: string) =>
      ask(meta, { kind: 'delete', SOPClassUID, SOPInstanceUID }).catch(unlessPrintFailed)
    const { SOPInstanceUID: session } = await ask(meta, {
      kind: 'create',
      SOPClassUID: FILM_SESSION,
      SOPInstanceUID: newUid(),
      dataSet: {
        NumberOfCopies: layout.copies,
        PrintPriority: 'MED',
        ...(printer.mediumType && { MediumType: printer.mediumType }),
        ...(printer.destination && { FilmDestination: printer.destination }),
      },
    })
    const lut = await identityLut(printer, ask, line.contexts, said)
    const box = filmBoxOf(printer, layout, session, lut)
    for (const pictures of films) {
      if (signal.aborted) throw new IsocenterError('cancelled')
      const { SOPInstanceUID: film, dataSet: made } = await ask(meta, {
        kind: 'create',
        SOPClassUID: FILM_BOX,
        SOPInstanceUID: newUid(),
        dataSet: box,
      })
      const places = made?.items('ReferencedImageBoxSequence') ?? []
      for (const [index, picture] of pictures.entries()) {
        if (picture === undefined) continue
        if (signal.aborted) throw new IsocenterError('cancelled')
        const place = normaliseUID(places[index]?.string('ReferencedSOPInstanceUID') ?? '')
        if (place === '')
          throw failed(printer, `it has no place for image ${index + 1} of ${layout.columns} × ${layout.rows}`)
        await ask(meta, {
          kind: 'set',
          SOPClassUID: printer.color ? COLOR_IMAGE_BOX : GREY_IMAGE_BOX,
          SOPInstanceUID: place,
          dataSet: imageBoxOf(printer, picture, index),
        })
      }
      await ask(meta, { kind: 'print', SOPClassUID: FILM_BOX, SOPInstanceUID: film })
      printed()
      await drop(FILM_BOX, film)
    }
    await drop(FILM_SESSION, session)
    return [...said]
  } finally {
    // Its session, and what of it was not printed, ends with the association (PS3.4 §H.4.1.2).
    void line.release()
  }
}

type Request = { SOPClassUID: string; SOPInstanceUID: string } & (
  | { kind: 'get' | 'print' | 'delete' }
  | { kind: 'create' | 'set'; dataSet: NewDataSet }
)
/** `SOPInstanceUID`: by which the printer knows it, ours unless it says otherwise. */
type Ask = (context: AcceptedContext, request: Request) => Promise<{ dataSet?: DataSet; SOPInstanceUID: string }>

const FIELDS = {
  get: COMMAND.nGetRQ,
  create: COMMAND.nCreateRQ,
  set: COMMAND.nSetRQ,
  print: COMMAND.nActionRQ,
  delete: COMMAND.nDeleteRQ,
} as const
const WHAT = {
  get: 'asked how it is',
  create: 'asked for a film',
  set: 'given an image',
  print: 'told to print',
  delete: 'told that it is over',
} as const

/** One request with its answer; a warning is kept in `said`, a failure thrown as 'print-failed'. */
function asking(
  printer: Printer,
  converse: Awaited<ReturnType<OutgoingAssociations['open']>>['converse'],
  said: Set<string>,
): Ask {
  return async (context, request) => {
    const { kind, SOPClassUID, SOPInstanceUID } = request
    const encoding = encodingOf(context.transferSyntax)
    const dataSet = 'dataSet' in request ? writeDataSet(request.dataSet, encoding) : undefined
    const named =
      kind === 'create'
        ? { AffectedSOPClassUID: SOPClassUID, AffectedSOPInstanceUID: SOPInstanceUID }
        : { RequestedSOPClassUID: SOPClassUID, RequestedSOPInstanceUID: SOPInstanceUID }
    const command: CommandSet = {
      ...named,
      CommandField: FIELDS[kind],
      CommandDataSetType: dataSet ? DATA_SET_FOLLOWS : NO_DATA_SET,
      ...(kind === 'print' ? { ActionTypeID: 1 } : {}),
    }
    const { response, identifier } = await converse(context.id, command, dataSet, () => {})
    const answer = printAnswer(response.Status ?? -1)
    if (answer !== 'done') {
      const comment = response.ErrorComment ? `: ${response.ErrorComment}` : ''
      if (!answer.warning) throw failed(printer, `${answer.words}${comment}, when ${WHAT[kind]}`)
      said.add(answer.words)
    }
    return {
      SOPInstanceUID: response.AffectedSOPInstanceUID || SOPInstanceUID,
      ...(identifier.length > 0 && { dataSet: DataSet.read(identifier, encoding) }),
    }
  }
}

/** The instance of a Presentation LUT of shape IDENTITY: the levels are P-values (PS3.4 §H.4.9). '' where there is none. */
async function identityLut({ identity }: Printer, ask: Ask, contexts: AcceptedContext[], said: Set<string>) {
  if (!identity) return ''
  const context = contexts.find(({ abstractSyntax }) => abstractSyntax === PRESENTATION_LUT)
  const dataSet = { PresentationLUTShape: 'IDENTITY' }
  const wish = { kind: 'create', SOPClassUID: PRESENTATION_LUT, SOPInstanceUID: newUid(), dataSet } as const
  const made = context && (await ask(context, wish).catch(unlessPrintFailed))
  if (made) return made.SOPInstanceUID
  said.add('it knows no Presentation LUT: how dark a level is was up to its own set-up')
  return ''
}

function filmBoxOf(printer: Printer, layout: FilmLayout, session: string, lut: string): NewDataSet {
  const reference = (ReferencedSOPClassUID: string, ReferencedSOPInstanceUID: string) => [
    { ReferencedSOPClassUID, ReferencedSOPInstanceUID },
  ]
  return {
    ImageDisplayFormat: displayFormat(layout),
    FilmOrientation: layout.landscape ? 'LANDSCAPE' : 'PORTRAIT',
    FilmSizeID: printer.filmSize,
    ...(printer.magnification && { MagnificationType: printer.magnification }),
    BorderDensity: 'BLACK',
    EmptyImageDensity: 'BLACK',
    Trim: 'NO',
    ReferencedFilmSessionSequence: reference(FILM_SESSION, session),
    ...(lut !== '' && { ...VIEWING, ReferencedPresentationLUTSequence: reference(PRESENTATION_LUT, lut) }),
  }
}

/** PS3.3 §C.13.5: grey levels, or colour by plane. */
function imageBoxOf({ color }: Printer, picture: FilmPicture, index: number): NewDataSet {
  const { Rows, Columns } = picture
  const own: NewDataSet = {
    SamplesPerPixel: color ? 3 : 1,
    PhotometricInterpretation: color ? 'RGB' : 'MONOCHROME2',
    ...(color && { PlanarConfiguration: 1 }),
    Rows,
    Columns,
    PixelAspectRatio: [1, 1],
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    PixelRepresentation: 0,
    PixelData: { vr: 'OB', value: color ? planesOf(picture) : greyOf(picture) },
  }
  return {
    ImageBoxPosition: index + 1,
    Polarity: 'NORMAL',
    [color ? 'BasicColorImageSequence' : 'BasicGrayscaleImageSequence']: [own],
  }
}

/** Luma of ITU-R BT.601, which leaves grey as it is. */
function greyOf({ SamplesPerPixel, pixels }: FilmPicture): Uint8Array {
  if (SamplesPerPixel === 1) return pixels
  const grey = new Uint8Array(pixels.length / 3)
  for (let at = 0; at < grey.length; at++) {
    const [red = 0, green = 0, blue = 0] = [pixels[at * 3], pixels[at * 3 + 1], pixels[at * 3 + 2]]
    grey[at] = Math.round(0.299 * red + 0.587 * green + 0.114 * blue)
  }
  return grey
}

function planesOf({ SamplesPerPixel, pixels }: FilmPicture): Uint8Array {
  const size = pixels.length / SamplesPerPixel
  const planes = new Uint8Array(size * 3)
  for (let plane = 0; plane < 3; plane++) {
    const sample = SamplesPerPixel === 3 ? plane : 0
    for (let at = 0; at < size; at++) planes[plane * size + at] = pixels[at * SamplesPerPixel + sample] ?? 0
  }
  return planes
}

/** N-EVENT-REPORT of the printer meanwhile (PS3.4 §H.4.6.2): taken, and told in the end. */
function reportSink(
  { transferSyntax }: AcceptedContext,
  command: CommandSet,
  respond: (response: CommandSet) => Promise<unknown>,
  said: Set<string>,
): MessageSink {
  const pieces = new Pieces()
  let tooLong = false
  return {
    write(chunk) {
      tooLong ||= pieces.length + chunk.length > LONGEST_REPORT
      if (!tooLong) pieces.add(chunk)
    },
    async end() {
      const isReport = command.CommandField === COMMAND.nEventReportRQ
      if (isReport && !tooLong) {
        const report = DataSet.read(pieces.take(), encodingOf(transferSyntax))
        const trouble = printerTrouble(report.string('PrinterStatusInfo'))
        if (trouble !== '') said.add(trouble)
      }
      await respond(responseTo(command, isReport ? STATUS.success : STATUS.unrecognizedOperation))
    },
    abort: () => {},
  }
}

/** The printer said no to something that may be left out; whatever else went wrong is thrown on. */
function unlessPrintFailed(thrown: unknown): undefined {
  if (!(thrown instanceof IsocenterError) || thrown.code !== 'print-failed') throw thrown
}

function failed(printer: Printer, words: string): IsocenterError {
  return new IsocenterError('print-failed', `${printer.name}: ${words}`)
}

const newUid = () => uidFromRandom(randomBytes(16))
