import { type ReportContent, reportText } from './report.ts'

/** A place to fill in: `[size]`, or one of several words: `[left|right]`. */
export interface Field {
  from: number
  to: number
  /** Empty where it is free text. */
  choices: string[]
}

/** No brackets within brackets, no lines: what is longer is a remark in brackets. */
const FIELD = /\[([^[\]\n]{1,200})\]/g

export function fieldsOf(text: string): Field[] {
  return [...text.matchAll(FIELD)].map(({ index, 0: whole, 1: inner = '' }) => ({
    from: index,
    to: index + whole.length,
    choices: inner.includes('|') ? inner.split('|').map(choice => choice.trim()) : [],
  }))
}

/** The next field from a caret on (backwards: before it), or undefined: then the next section's. */
export function nextField(text: string, caret: { from: number; to: number }, backwards = false): Field | undefined {
  const fields = fieldsOf(text)
  return backwards ? fields.findLast(field => field.to <= caret.from) : fields.find(field => field.from >= caret.to)
}

/** How many places of a report are not filled in. */
export function unfilled(content: ReportContent): number {
  return fieldsOf(reportText(content)).length
}
