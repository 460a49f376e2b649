import { ERRORS, type ErrorCode } from '../../shared/errors.ts'
import { heard } from './heard.ts'
import { t } from './translate.ts'

/** What the station refused, in the user's language; the detail too, where it is a sentence of the station's. */
export function errorWords(code: ErrorCode, detail: string | undefined): string {
  const sentence = t(ERRORS[code].sentence)
  return detail ? `${sentence} (${heard(detail)})` : sentence
}
