import { encodeBase64 } from '../../../shared/base64.ts'
import type { Printer } from '../../../shared/config.ts'
import type { StudySummary } from '../../../shared/contract.ts'
import { type FilmLayout, LONGEST_SIDE, MOST_LEVELS, PART_LEVELS } from '../../../shared/printing/printing.ts'
import { call } from '../../client.ts'
import { t } from '../../i18n/index.ts'
import { formatDate } from '../../ui/index.ts'
import { identityLine } from './compose.ts'

/** A picture of the preview, and the line that stands under it on the film. */
interface PrintedPicture {
  blob: Blob
  line: string
}

const SMALLEST_FONT = 11

/** What stands under a picture on a film, which has no head: whose it is itself, whatever the others on the film are of. */
export function lineOf(
  picture: { study: StudySummary | undefined; stranger: boolean; words: string },
  identity: boolean,
): string {
  const { study, stranger, words } = picture
  const who = identity && study !== undefined ? identityLine(study) : stranger ? `⚠ ${t('Another patient:')}` : ''
  return [who, formatDate(study?.StudyDate ?? ''), words, t('Not for diagnosis')].filter(Boolean).join(' · ')
}

/**
 * The levels of a picture as it is displayed, with its line in a strip below: a film has no other place for whose it is. Grey by the luma that
 * the station uses, too.
 */
async function levelsOf({ blob, line }: PrintedPicture, color: boolean) {
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: 'none' })
  const samples = color ? 3 : 1
  const scale = Math.min(
    1,
    (LONGEST_SIDE * 0.95) / Math.max(bitmap.width, bitmap.height),
    Math.sqrt(MOST_LEVELS / (bitmap.width * bitmap.height * samples)),
  )
  const width = Math.max(1, Math.round(bitmap.width * scale))
  const height = Math.max(1, Math.round(bitmap.height * scale))
  const font = Math.max(SMALLEST_FONT, Math.round(width / 45))
  const strip = Math.round(font * 1.6)
  const canvas = new OffscreenCanvas(width, height + strip)
  const context = canvas.getContext('2d')
  if (context === null) throw new Error(t('This browser has no canvas.'))
  context.fillStyle = '#000'
  context.fillRect(0, 0, width, height + strip)
  context.drawImage(bitmap, 0, 0, width, height)
  bitmap.close()
  context.font = `${font}px Inter, sans-serif`
  context.fillStyle = '#fff'
  context.textBaseline = 'middle'
  // Squeezed rather than cut: the end of the line says what it is not for.
  context.fillText(line, 0, height + strip / 2, width)
  const { data } = context.getImageData(0, 0, width, height + strip)
  const pixels = new Uint8Array(width * (height + strip) * samples)
  for (let at = 0; at < pixels.length / samples; at++) {
    const [red = 0, green = 0, blue = 0] = [data[at * 4], data[at * 4 + 1], data[at * 4 + 2]]
    if (color) pixels.set([red, green, blue], at * 3)
    else pixels[at] = Math.round(0.299 * red + 0.587 * green + 0.114 * blue)
  }
  return { Rows: height + strip, Columns: width, SamplesPerPixel: color ? (3 as const) : (1 as const), pixels }
}

/** Gives the pictures to the station, which prints them as a job; rejects like `call`, and prints nothing where `signal` aborts before. */
export async function printOnFilm(
  printer: Printer,
  layout: FilmLayout,
  films: PrintedPicture[][],
  StudyInstanceUIDs: string[],
  signal: AbortSignal,
): Promise<void> {
  const { id } = await call('print.begin', { printer: printer.name, layout, films: films.length })
  for (const [film, pictures] of films.entries()) {
    for (const [place, picture] of pictures.entries()) {
      const { pixels, ...size } = await levelsOf(picture, printer.color)
      signal.throwIfAborted()
      const line = size.Columns * size.SamplesPerPixel
      const rows = Math.max(1, Math.floor(PART_LEVELS / line))
      for (let row = 0; row < size.Rows; row += rows) {
        const part = encodeBase64(pixels.subarray(row * line, (row + rows) * line))
        await call('print.picture', { id, film, place, ...size, row, pixels: part })
        signal.throwIfAborted()
      }
    }
  }
  signal.throwIfAborted()
  await call('print.start', { id, StudyInstanceUIDs })
}
