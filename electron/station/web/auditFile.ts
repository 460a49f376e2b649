import { IsocenterError } from '../../../shared/errors.ts'
import type { Audit, AuditFormat } from '../audit/index.ts'

const CHUNK = 64 * 1024
const FORMATS: Record<AuditFormat, string> = { ndjson: 'application/x-ndjson', xml: 'application/xml' }

/**
 * `GET /api/audit?from=&to=&format=ndjson|xml`: the trail of a span of time (ISO 8601; left out = open), a record a line as it was chained, or
 * as its AuditMessage. Throws 'bad-request'.
 */
export function auditFile(audit: Pick<Audit, 'exported'>, url: URL): { text: string; response: () => Response } {
  const format = url.searchParams.get('format') ?? 'ndjson'
  if (format !== 'ndjson' && format !== 'xml') throw new IsocenterError('bad-request', 'format is ndjson or xml')
  const from = momentOf(url.searchParams.get('from'), 0)
  const to = momentOf(url.searchParams.get('to'), Number.MAX_SAFE_INTEGER)
  const response = () => {
    const parts = audit.exported(from, to, format)
    const encoder = new TextEncoder()
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          let text = ''
          while (text.length < CHUNK) {
            const { done, value } = await parts.next()
            if (done) {
              if (text !== '') controller.enqueue(encoder.encode(text))
              controller.close()
              return
            }
            text += value
          }
          controller.enqueue(encoder.encode(text))
        },
        cancel: () => parts.return(undefined).then(() => {}),
      },
      { highWaterMark: 0 },
    )
    const headers = {
      'content-type': `${FORMATS[format]}; charset=utf-8`,
      'content-disposition': `attachment; filename="audit.${format}"`,
    }
    return new Response(body, { headers })
  }
  return { text: `Exported as ${format}`, response }
}

function momentOf(text: string | null, otherwise: number): number {
  if (text === null || text === '') return otherwise
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) throw new IsocenterError('bad-request', 'from and to are moments as ISO 8601 writes them')
  return ms
}
