import { ERRORS, type ErrorCode } from '../../shared/errors.ts'
import { t } from './translate.ts'

/** What the station refused, in the user's language; the detail is the station's own. */
export function errorWords(code: ErrorCode, detail: string | undefined): string {
  const sentence = t(ERRORS[code].sentence)
  return detail ? `${sentence} (${detail})` : sentence
}
