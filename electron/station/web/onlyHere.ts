import { IsocenterError } from '../../../shared/errors.ts'
import type { OnlyCopy, StoreReader } from '../store/index.ts'

/** A page is one read transaction. */
const PAGE = 200
const COLUMNS = [
  'PatientID',
  'PatientName',
  'StudyDate',
  'AccessionNumber',
  'StudyInstanceUID',
  'SeriesInstanceUID',
  'SOPInstanceUID',
  'SOPClassUID',
  'sendingAET',
  'received',
  'length',
] as const satisfies ReadonlyArray<keyof OnlyCopy>

/**
 * `GET /api/volumes/<name>/only-here?format=csv|json`: the images that lie on that volume and nowhere else, for whoever has to have
 * them sent again. CSV with a row each (RFC 4180), or one JSON array. Throws 'not-found' and 'bad-request'.
 */
export async function onlyHereFile(read: Pick<StoreReader, 'onlyOn'>, name: string, format: string): Promise<Response> {
  if (format !== 'csv' && format !== 'json') throw new IsocenterError('bad-request', 'format is csv or json')
  // The first page before the answer begins: an unknown volume is no empty list.
  let page = await read.onlyOn(name, 0, PAGE)
  let begun = false
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const rows = page.map(row => (format === 'csv' ? csvRow(row) : JSON.stringify(pick(row))))
      const text =
        format === 'csv'
          ? `${begun ? '' : `${COLUMNS.join(',')}\r\n`}${rows.join('')}`
          : `${begun ? '' : '['}${begun && rows.length > 0 ? ',' : ''}${rows.join(',')}`
      begun = true
      const last = page.at(-1)
      if (last) page = await read.onlyOn(name, last.contentId, PAGE)
      const isOver = page.length === 0
      controller.enqueue(encoder.encode(isOver && format === 'json' ? `${text}]` : text))
      if (isOver) controller.close()
    },
  })
  const headers = {
    'content-type': format === 'csv' ? 'text/csv; charset=utf-8; header=present' : 'application/json',
    'content-disposition': `attachment; filename="only-on-${name}.${format}"`,
  }
  return new Response(body, { headers })
}

function pick(row: OnlyCopy): Record<string, string | number> {
  return Object.fromEntries(COLUMNS.map(name => [name, cellOf(row, name)]))
}

function cellOf(row: OnlyCopy, name: (typeof COLUMNS)[number]): string | number {
  return name === 'received' ? new Date(row.received).toISOString() : row[name]
}

/** A value that a spreadsheet would take for a formula is quoted from it: names come from outside. */
function csvRow(row: OnlyCopy): string {
  const cells = COLUMNS.map(name => {
    const text = String(cellOf(row, name))
    const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
    return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
  })
  return `${cells.join(',')}\r\n`
}
