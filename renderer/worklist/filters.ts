import { z } from 'zod'
import { priority, readingStatus, type StudyFilter } from '../../shared/contract.ts'
import { msg, t } from '../i18n/index.ts'

const day = z.string().regex(/^\d{8}$/)

/** Which dates a list shows. What is relative stays so: "today" is another day tomorrow. */
export const dateChoice = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('all') }),
  z.object({ kind: z.literal('today') }),
  z.object({ kind: z.literal('yesterday') }),
  /** Today and the days before, `days` in all. */
  z.object({ kind: z.literal('days'), days: z.int().min(1).max(3660) }),
  z.object({ kind: z.literal('range'), from: day.or(z.literal('')), to: day.or(z.literal('')) }),
])
export type DateChoice = z.infer<typeof dateChoice>

/** A list's conditions as they are kept; `studyFilterOf` makes the question of them. */
export const listFilter = z.object({
  search: z.string().max(200).default(''),
  date: dateChoice.default({ kind: 'all' }),
  modalities: z.array(z.string().max(16)).max(50).default([]),
  statuses: z.array(readingStatus).max(3).default([]),
  priorities: z.array(priority).max(3).default([]),
  /** First object received within the last so many minutes. */
  arrivedWithin: z.int().min(1).max(100_000).optional(),
})
export type ListFilter = z.infer<typeof listFilter>

export const NO_FILTER: ListFilter = listFilter.parse({})

function dayText(date: Date): string {
  const part = (value: number, digits: number) => String(value).padStart(digits, '0')
  return `${part(date.getFullYear(), 4)}${part(date.getMonth() + 1, 2)}${part(date.getDate(), 2)}`
}

function dayBefore(now: Date, days: number): string {
  return dayText(new Date(now.getFullYear(), now.getMonth(), now.getDate() - days))
}

function dateRange(choice: DateChoice, now: Date): { from: string; to: string } {
  switch (choice.kind) {
    case 'all':
      return { from: '', to: '' }
    case 'today':
      return { from: dayText(now), to: dayText(now) }
    case 'yesterday':
      return { from: dayBefore(now, 1), to: dayBefore(now, 1) }
    case 'days':
      return { from: dayBefore(now, choice.days - 1), to: dayText(now) }
    case 'range':
      return choice.from !== '' && choice.to !== '' && choice.from > choice.to
        ? { from: choice.to, to: choice.from }
        : { from: choice.from, to: choice.to }
  }
}

/** The question to the station, for this moment. */
export function studyFilterOf(filter: ListFilter, now: Date): StudyFilter {
  const { search, date, modalities, statuses, priorities, arrivedWithin } = filter
  return {
    search,
    ...dateRange(date, now),
    modalities,
    statuses,
    priorities,
    ...(arrivedWithin === undefined ? {} : { receivedSince: now.getTime() - arrivedWithin * 60_000 }),
  }
}

/** Does the filter leave nothing out? */
export function isEverything(filter: ListFilter): boolean {
  return filter.search === '' && isUnfiltered(filter)
}

/** Does nothing but the search box leave anything out? */
export function isUnfiltered({ date, modalities, statuses, priorities, arrivedWithin }: ListFilter): boolean {
  const kinds = modalities.length + statuses.length + priorities.length
  return date.kind === 'all' && kinds === 0 && arrivedWithin === undefined
}

/** The same conditions, whatever order their values were chosen in? */
export function sameFilter(one: ListFilter, other: ListFilter): boolean {
  const text = ({ search, date, modalities, statuses, priorities, arrivedWithin }: ListFilter) =>
    JSON.stringify([
      search.trim(),
      Object.entries(date).toSorted(([a], [b]) => a.localeCompare(b)),
      modalities.toSorted(),
      statuses.toSorted(),
      priorities.toSorted(),
      arrivedWithin,
    ])
  return text(one) === text(other)
}

export const UNREAD: ListFilter['statuses'] = ['new', 'opened']

const STATUSES = { new: msg('new'), opened: msg('opened'), read: msg('read') }
const PRIORITIES = { stat: msg('STAT'), urgent: msg('urgent'), routine: msg('routine') }
const DAYS = { today: msg('today'), yesterday: msg('yesterday') }
const eitherOf = (names: string[]) => names.reduce((one, other) => t('{{one}} or {{other}}', { one, other }))

/** What a filter leaves, in a few words: the name a saved list is offered. */
export function describeFilter(filter: ListFilter, formatDay: (da: string) => string): string {
  const { search, date, modalities, statuses, priorities, arrivedWithin } = filter
  const words: string[] = []
  if (priorities.length > 0) words.push(eitherOf(priorities.map(one => t(PRIORITIES[one]))))
  if (modalities.length > 0) words.push(modalities.join(' '))
  if (search !== '') words.push(`“${search}”`)
  if (sameValues(statuses, UNREAD)) words.push(t('unread'))
  else if (statuses.length > 0) words.push(eitherOf(statuses.map(one => t(STATUSES[one]))))
  if (arrivedWithin !== undefined) words.push(t('arrived in the last {{minutes}} min', { minutes: arrivedWithin }))
  if (date.kind === 'today' || date.kind === 'yesterday') words.push(t(DAYS[date.kind]))
  else if (date.kind === 'days') words.push(t('{{count}} days', { count: date.days }))
  else if (date.kind === 'range') words.push(`${formatDay(date.from)} – ${formatDay(date.to)}`)
  return words.join(' ') || t('All studies')
}

export function sameValues<T>(one: readonly T[], other: readonly T[]): boolean {
  return one.length === other.length && one.every(value => other.includes(value))
}
