let lastKey = 0
/** Of a form alone: what stays the same while its lines change places. */
export const nextKey = (): number => ++lastKey

export const joined = (words: string[] | undefined): string => words?.join(', ') ?? ''

/** What was left empty is not there. */
export function filled<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''),
  ) as Partial<T>
}

/** What was written of a list; AE titles and descriptions may have spaces inside. */
export function list(text: string): string[] | undefined {
  const words = text
    .split(/[,;]/)
    .map(word => word.trim())
    .filter(Boolean)
  return words.length === 0 ? undefined : words
}
