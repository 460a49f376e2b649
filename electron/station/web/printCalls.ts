import { randomUUID } from 'node:crypto'
import type { Printer } from '../../../shared/config.ts'
import type { CallName, CallOut, CallParsed } from '../../../shared/contract.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { FilmLayout, FilmPicture } from '../../../shared/printing/printing.ts'
import type { WebDeps } from './index.ts'

type PrintCall = Extract<CallName, `print.${string}`>
type PrintHandlers = { [N in PrintCall]: (input: CallParsed<N>) => CallOut<N> | Promise<CallOut<N>> }

/** Pictures that wait for their `print.start` are in memory: of all prints together, and prints at once; the oldest go, as does what is left alone. */
const MOST_BYTES = 512 * 2 ** 20
const MOST_WAITING = 16
const MOST_PICTURE = 18_000_000
const LEFT_ALONE_MS = 10 * 60_000

interface Waiting {
  printer: Printer
  layout: FilmLayout
  films: Array<Array<FilmPicture | undefined>>
  /** Levels of pictures that are not whole yet. */
  begun: Map<FilmPicture, number>
  bytes: number
  forget: NodeJS.Timeout
}

/** The calls of films: a window gives its pictures one by one, then they are printed as a job. */
export function printCalls({
  dimse,
  work,
  problems,
  printers,
  setPrinters,
}: Pick<WebDeps, 'dimse' | 'work' | 'problems' | 'printers' | 'setPrinters'>): PrintHandlers {
  const waiting = new Map<string, Waiting>()
  const of = (id: string): Waiting => {
    const found = waiting.get(id)
    if (!found) throw new IsocenterError('not-found', 'no such print')
    found.forget.refresh()
    return found
  }
  const forget = (id: string) => {
    clearTimeout(waiting.get(id)?.forget)
    waiting.delete(id)
  }
  const held = () => [...waiting.values()].reduce((sum, { bytes }) => sum + bytes, 0)
  return {
    'print.printers': () => ({ printers: printers() }),
    'print.setPrinters': async input => {
      await setPrinters(input.printers)
      return {}
    },
    'print.begin': ({ printer: name, layout, films }) => {
      const printer = printers().find(one => one.name === name)
      if (!printer) throw new IsocenterError('destination-unknown', `"${name}" is not among the printers`)
      const places = () => new Array<FilmPicture | undefined>(layout.rows * layout.columns).fill(undefined)
      const id = randomUUID()
      // Its window may have been closed, or have lost its way.
      const timer = setTimeout(() => forget(id), LEFT_ALONE_MS).unref()
      waiting.set(id, {
        printer,
        layout,
        films: Array.from({ length: films }, places),
        begun: new Map(),
        bytes: 0,
        forget: timer,
      })
      for (const oldest of waiting.keys()) {
        if (waiting.size <= MOST_WAITING) break
        forget(oldest)
      }
      return { id }
    },
    'print.picture': ({ id, film, place, Rows, Columns, SamplesPerPixel, row, pixels: base64 }) => {
      const print = of(id)
      const places = print.films[film]
      if (!places || place >= places.length) throw new IsocenterError('bad-request', 'no such place on the film')
      const line = Columns * SamplesPerPixel
      const [length, from] = [Rows * line, row * line]
      const part = Buffer.from(base64, 'base64')
      if (part.length === 0 || part.length % line !== 0 || from + part.length > length) {
        throw new IsocenterError(
          'bad-request',
          `${part.length} bytes are no rows of ${Columns} × ${Rows} from ${row} on`,
        )
      }
      if (length > MOST_PICTURE) throw new IsocenterError('too-large', `a picture of ${Columns} × ${Rows}`)
      const before = places[place]
      if (row === 0) {
        for (const oldest of waiting.keys()) if (oldest !== id && held() + length > MOST_BYTES) forget(oldest)
        if (held() + length > MOST_BYTES) {
          forget(id)
          throw new IsocenterError('too-large', 'print fewer films at once')
        }
        if (before) print.begun.delete(before)
        print.bytes += length - (before?.pixels.length ?? 0)
        const begun = { Rows, Columns, SamplesPerPixel, pixels: new Uint8Array(length) }
        places[place] = begun
        print.begun.set(begun, 0)
      }
      const picture = places[place]
      if (!picture || print.begun.get(picture) !== from || picture.pixels.length !== length) {
        throw new IsocenterError('bad-request', `row ${row} is not the next of the picture`)
      }
      picture.pixels.set(part, from)
      if (from + part.length === length) print.begun.delete(picture)
      else print.begun.set(picture, from + part.length)
      return {}
    },
    'print.start': ({ id }) => {
      const { printer, layout, films, begun } = of(id)
      if (begun.size > 0) throw new IsocenterError('bad-request', 'a picture is not whole yet')
      forget(id)
      const { length } = films
      const title = `${length === 1 ? 'A film' : `${length} films`} to ${printer.name}`
      return work.startJob('print', title, async job => {
        job.total(length)
        const progress = { signal: job.signal, printed: () => job.received('stored') }
        const said = await dimse.print(printer, { layout, films }, progress)
        if (said.length === 0) return
        problems.report({
          severity: 'attention',
          sentence: `${printer.name} has printed, and said: ${said.join('; ')}.`,
          detail: `${printer.AET} at ${printer.host}:${printer.port}`,
        })
      })
    },
  }
}
