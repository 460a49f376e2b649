import type { StudySummary } from '../../shared/contract.ts'
import type { Pull, PullRule, PullSummary } from '../../shared/pull.ts'
import type {
  CustodyEvent,
  DestinationSummary,
  ExchangedStudy,
  Outage,
  Proof,
  SendRule,
  TimeSpan,
  Urgency,
} from '../../shared/sync.ts'
import { t } from '../i18n/index.ts'
import { countImages, formatBytes, formatMoment } from '../ui/index.ts'

/** How central sync is told to people: every sentence of it that is not the station's own. */

/** What a person chooses, and what a count of images is called that were shown to be there by it. */
export const PROOF_WORDS: Record<Proof, { name: string; means: string }> = {
  equal: { name: 'equal', means: 'Equal: what it holds is compared with what was sent' },
  present: { name: 'found', means: 'Found: a query of ours finds it there' },
  listed: { name: 'listed', means: 'Listed: its own answer to the sending names it' },
}

const URGENCY_WORDS: Record<Urgency, string> = {
  urgent: 'Send before all else',
  normal: 'Send',
  offPeak: 'Send in the quiet hours',
}

export function describeUrgency({ send, urgency }: Pick<SendRule, 'send' | 'urgency'>): string {
  return send ? URGENCY_WORDS[urgency] : 'Do not send'
}

const either = (words: readonly string[]) => words.join(' or ')

export function describeSpan({ from, to }: TimeSpan): string {
  return from === to ? 'at any hour' : `${from}–${to}`
}

/** A rule as a sentence. */
export function describeRule(rule: SendRule): string {
  const { modalities, sendingAETs, receivingAETs, descriptions, stations, received } = rule
  const conditions = [
    modalities && either(modalities),
    sendingAETs && `from ${either(sendingAETs)}`,
    receivingAETs && `sent to ${either(receivingAETs)}`,
    descriptions && `described “${either(descriptions)}”`,
    stations && `of station ${either(stations)}`,
    received && `received ${describeSpan(received)}`,
  ].filter(condition => condition !== undefined)
  return `${describeUrgency(rule)}: ${conditions.length === 0 ? 'everything' : conditions.join(', ')}`
}

function describePulled({ modalities, referrers, descriptions, sinceDays }: PullRule): string {
  const days = sinceDays === 0 ? 'of today' : sinceDays === undefined ? undefined : `of the last ${sinceDays} days`
  const conditions = [
    modalities && either(modalities),
    days,
    referrers && `referred by ${either(referrers)}`,
    descriptions && `described “${either(descriptions)}”`,
  ].filter(condition => condition !== undefined)
  return conditions.length === 0 ? 'every study' : conditions.join(', ')
}

/** What comes here from a destination by itself, as a sentence. */
export function describePull({ rules, priors }: Pull): string {
  const some =
    priors.most === 0 ? '' : `, and ${priors.most === 1 ? 'a prior' : `up to ${priors.most} priors`} of each patient`
  return `Comes here by itself: ${rules.map(describePulled).join('; ')}${some}.`
}

/** How far that is. */
export function describePulling({ lookedAt, today, priors, queued }: PullSummary): string {
  if (lookedAt === null) return 'Not looked at yet.'
  const parts = [
    today.wanted > 0 && `${today.here} of ${today.wanted} of today here`,
    priors.wanted > 0 && `${priors.here} of ${priors.wanted} priors here`,
    queued > 0 ? `${queued.toLocaleString()} to come` : 'nothing more to come',
  ]
  return `${parts.filter(Boolean).join(' · ')} · looked at ${formatMoment(lookedAt)}`
}

const SHORT_MS = 60_000

/** What was exchanged after an archive had been away: one thing behind the other. */
export function describeOutage(name: string, { from, until, times, images, studies }: Outage): string[] {
  const span = { name, from: formatMoment(from), until: formatMoment(until) }
  const seconds = Math.max(1, Math.round((until - from) / 1000))
  const away =
    times > 1
      ? t('{{name}} was away {{times}} times between {{from}} and {{until}}', { ...span, times })
      : until - from < SHORT_MS
        ? t('{{name}} was away for {{seconds}} s, {{from}}', { ...span, seconds })
        : t('{{name}} was away from {{from}} to {{until}}', span)
  return [
    away,
    ...(images === 0 ? [] : [t('{{count}} images went out', { count: images })]),
    ...(studies === 0 ? [] : [t('{{count}} studies changed there meanwhile and came', { count: studies })]),
  ]
}

/** Of one study. */
export function describeExchange({ images, came }: Pick<ExchangedStudy, 'images' | 'came'>): string {
  const out = images === 0 ? [] : [t('{{count}} images went out', { count: images })]
  return [...out, ...(came ? [t('came from there')] : [])].join(' · ')
}

const countStudies = (count: number) => (count === 1 ? '1 study' : `${count.toLocaleString()} studies`)

/** Of so many studies of a list, what an archive that is away means for whoever reads it. */
export function describeInventory(
  lacking: ReadonlyArray<{ images: number; priors: readonly string[] }>,
  listed: number,
): string {
  const partly = lacking.filter(({ images }) => images > 0).length
  const without = lacking.filter(({ priors }) => priors.length > 0).length
  if (partly + without === 0) return `Of this list’s ${countStudies(listed)} all is here.`
  const parts = [
    partly > 0 && `${partly} ${partly === 1 ? 'is' : 'are'} only partly here`,
    without > 0 && `${without} ${without === 1 ? 'has' : 'have'} priors that are not here`,
  ]
  return `Of this list’s ${countStudies(listed)} ${parts.filter(Boolean).join(', ')}.`
}

/** What a destination is doing, in a few words. */
export function describeState(destination: DestinationSummary): string {
  const { state, since, queued, unproved, confirmed } = destination
  switch (state) {
    case 'offline':
      return `offline since ${formatMoment(since)}`
    case 'paused':
      return `paused since ${formatMoment(since)}`
    case 'quiet hours':
      return 'waits for the quiet hours'
    case 'waiting':
      return 'waits for the next try'
    case 'sending':
      return 'sending'
    case 'idle':
      if (queued + unproved > 0) return 'about to send'
      return confirmed === 0 ? 'nothing to send yet' : 'all that was sent is proved'
  }
}

/** Amber where the line is the trouble; what a person chose is not. */
export function needsAttention({ state }: DestinationSummary): boolean {
  return state === 'offline' || state === 'waiting'
}

/** Seconds as a person says them. */
export function formatDuration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 90) return `${minutes} min`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`
}

/** How fast, and how long it will take; '' while nothing moves. */
export function describePace(destination: DestinationSummary): string {
  const { state, imagesPerSecond, bytesPerSecond, etaSeconds } = destination
  if (state !== 'sending' || imagesPerSecond <= 0) return ''
  const rate = `${imagesPerSecond.toFixed(imagesPerSecond < 10 ? 1 : 0)} images/s · ${formatBytes(bytesPerSecond)}/s`
  return etaSeconds === null ? rate : `${rate} · ${formatDuration(etaSeconds)} left`
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' })

/** When it is tried again; '' while it works, and while a person has stopped it. */
export function describeNextTry({ nextTryAt, state }: DestinationSummary): string {
  return state === 'paused' || nextTryAt === null ? '' : `next try ${CLOCK.format(nextTryAt)}`
}

export interface Badge {
  words: string
  attention: boolean
}

/**
 * What the status line says of all destinations: one thing, the gravest. One that cannot be reached, then what was refused, then
 * what a person has stopped, then what is on its way.
 */
export function badgeOf(destinations: readonly DestinationSummary[]): Badge | undefined {
  const names = (all: readonly DestinationSummary[]) =>
    all.length > 1 ? `${all[0]!.name} and ${all.length - 1} more` : (all[0]?.name ?? '')
  const waiting = (all: readonly DestinationSummary[]) => {
    const images = all.reduce((sum, one) => sum + one.queued, 0)
    return images === 0 ? '' : ` · ${images.toLocaleString()} waiting`
  }
  const offline = destinations.filter(({ state }) => state === 'offline').toSorted((one, two) => one.since - two.since)
  if (offline[0]) {
    const since = formatMoment(offline[0].since)
    return { words: `${names(offline)} offline since ${since}${waiting(offline)}`, attention: true }
  }
  const refusing = destinations.filter(({ dead }) => dead > 0)
  if (refusing.length > 0) {
    const images = refusing.reduce((sum, one) => sum + one.dead, 0)
    return { words: `${countImages(images)} refused by ${names(refusing)}`, attention: true }
  }
  const paused = destinations.filter(({ state, queued }) => state === 'paused' && queued > 0)
  if (paused.length > 0) return { words: `${names(paused)} paused${waiting(paused)}`, attention: false }
  const sending = destinations.filter(({ state }) => state === 'sending')
  const left = sending.reduce((sum, one) => sum + one.queued, 0)
  return left === 0 ? undefined : { words: `sending ${left.toLocaleString()} to ${names(sending)}`, attention: false }
}

/** For the narrowest of columns; the whole number is in its tooltip. */
export function shortCount(images: number): string {
  return images < 1000 ? String(images) : `${Math.min(99, Math.floor(images / 1000))}k`
}

type Held = Pick<StudySummary, 'custody' | 'NumberOfStudyRelatedInstances'>

/** What of a study only archives have; undefined where all of it is here. */
export function describeAway({ away }: Pick<StudySummary, 'away'>): string | undefined {
  if (away === 0) return undefined
  return `${countImages(away)} on the archive, fetched when opened`
}

/** What of a study is not proved to be where it has to go; undefined where there is nothing to say. */
export function describeCustody({ custody, NumberOfStudyRelatedInstances: images }: Held): string | undefined {
  if (custody === null || custody.waiting === 0) return undefined
  const { waiting, dead } = custody
  // Another version of an image counts, too: then they are more than the list shows.
  const of = waiting > images ? '' : ` of ${images.toLocaleString()}`
  const refused = dead === 0 ? '' : `, ${dead.toLocaleString()} refused`
  return `${waiting.toLocaleString()}${of} not on the server${refused}`
}

const EVENT_WORDS: Record<CustodyEvent['kind'], string> = {
  queued: 'queued',
  sent: 'sent',
  confirmed: 'proved',
  failed: 'not sent',
  dead: 'refused',
  lost: 'lost by the server',
  gone: 'no longer there',
  retried: 'to be sent again',
}

export function describeEvent({ kind, images, detail }: CustodyEvent): string {
  const what = `${countImages(images)} ${EVENT_WORDS[kind]}`
  return detail === '' ? what : `${what}. ${asSentence(detail)}`
}

/** What the station says in the middle of its own sentences, standing alone. */
export function asSentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}
