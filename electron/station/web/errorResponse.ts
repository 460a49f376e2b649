import type { CallError } from '../../../shared/contract.ts'
import { ERRORS, type IsocenterError } from '../../../shared/errors.ts'

/**
 * A failure as the counter tells it: the table's sentence and, for everything but `internal`, its detail. What an unforeseen
 * error says about itself may hold a path or a name: that goes nowhere.
 */
export function errorResponse(error: IsocenterError, headers: Record<string, string> = {}): Response {
  const body: CallError = {
    code: error.code,
    sentence: ERRORS[error.code].sentence,
    ...(error.detail && error.code !== 'internal' ? { detail: error.detail } : {}),
  }
  return Response.json(body, { status: error.httpStatus, headers })
}
