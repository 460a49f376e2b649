const DAY_MS = 86_400_000

/** DA or DT values (joined by `\`) moved by whole days, times of day as they were; what is no full date is empty. */
export function shiftDates(text: string, days: number): string {
  return text
    .split('\\')
    .map(value => shifted(value.trim(), days))
    .join('\\')
}

function shifted(value: string, days: number): string {
  const found = /^(\d{4})\.?(\d{2})\.?(\d{2})(.*)$/.exec(value)
  if (!found) return ''
  const [, year, month, day, rest = ''] = found
  const at = new Date(0)
  at.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  if (at.getUTCMonth() !== Number(month) - 1 || at.getUTCDate() !== Number(day)) return ''
  const moved = new Date(at.getTime() + days * DAY_MS)
  const two = (number: number) => String(number).padStart(2, '0')
  const moveYear = moved.getUTCFullYear()
  if (moveYear < 1 || moveYear > 9999) return ''
  return `${String(moveYear).padStart(4, '0')}${two(moved.getUTCMonth() + 1)}${two(moved.getUTCDate())}${rest}`
}
