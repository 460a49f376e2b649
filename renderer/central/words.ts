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
import { heard, msg, t } from '../i18n/index.ts'
import { countImages, formatBytes, formatMoment } from '../ui/index.ts'

/** How central sync is told to people: every sentence of it that is not the station's own. */

/** What a person chooses, and what a count of images is called that were shown to be there by it. */
export const PROOF_WORDS: Record<Proof, { name: string; means: string }> = {
  equal: { name: msg('equal'), means: msg('Equal: what it holds is compared with what was sent') },
  present: { name: msg('found'), means: msg('Found: a query of ours finds it there') },
  listed: { name: msg('listed'), means: msg('Listed: its own answer to the sending names it') },
}

const URGENCY_WORDS: Record<Urgency, string> = {
  urgent: msg('Send before all else'),
  normal: msg('Send'),
  offPeak: msg('Send in the quiet hours'),
}

export function describeUrgency({ send, urgency }: Pick<SendRule, 'send' | 'urgency'>): string {
  return send ? t(URGENCY_WORDS[urgency]) : t('Do not send')
}

const either = (words: readonly string[]) => words.join(t(' or '))

export function describeSpan({ from, to }: TimeSpan): string {
  return from === to ? t('at any hour') : `${from}–${to}`
}

/** A rule as a sentence. */
export function describeRule(rule: SendRule): string {
  const { modalities, sendingAETs, receivingAETs, descriptions, stations, received } = rule
  const conditions = [
    modalities && either(modalities),
    sendingAETs && t('from {{names}}', { names: either(sendingAETs) }),
    receivingAETs && t('sent to {{names}}', { names: either(receivingAETs) }),
    descriptions && t('described “{{words}}”', { words: either(descriptions) }),
    stations && t('of station {{names}}', { names: either(stations) }),
    received && t('received {{span}}', { span: describeSpan(received) }),
  ].filter(condition => condition !== undefined)
  return `${describeUrgency(rule)}: ${conditions.length === 0 ? t('everything') : conditions.join(', ')}`
}

function describePulled({ modalities, referrers, descriptions, sinceDays }: PullRule): string {
  const days =
    sinceDays === 0
      ? t('of today')
      : sinceDays === undefined
        ? undefined
        : t('of the last {{days}} days', { days: sinceDays })
  const conditions = [
    modalities && either(modalities),
    days,
    referrers && t('referred by {{names}}', { names: either(referrers) }),
    descriptions && t('described “{{words}}”', { words: either(descriptions) }),
  ].filter(condition => condition !== undefined)
  return conditions.length === 0 ? t('every study') : conditions.join(', ')
}

/** What comes here from a destination by itself, as a sentence. */
export function describePull({ rules, priors }: Pull): string {
  const what = rules.map(describePulled).join('; ')
  return priors.most === 0
    ? t('Comes here by itself: {{what}}.', { what })
    : t('Comes here by itself: {{what}}, and of each patient up to {{count}} priors.', { what, count: priors.most })
}

/** How far that is. */
export function describePulling({ lookedAt, today, priors, queued }: PullSummary): string {
  if (lookedAt === null) return t('Not looked at yet.')
  const parts = [
    today.wanted > 0 && t('{{here}} of {{wanted}} of today here', { here: today.here, wanted: today.wanted }),
    priors.wanted > 0 && t('{{here}} of {{wanted}} priors here', { here: priors.here, wanted: priors.wanted }),
    queued > 0 ? t('{{queued}} to come', { queued }) : t('nothing more to come'),
    t('looked at {{moment}}', { moment: formatMoment(lookedAt) }),
  ]
  return parts.filter(Boolean).join(' · ')
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

/** Of so many studies of a list, what an archive that is away means for whoever reads it. */
export function describeInventory(
  lacking: ReadonlyArray<{ images: number; priors: readonly string[] }>,
  listed: number,
): string {
  const partly = lacking.filter(({ images }) => images > 0).length
  const without = lacking.filter(({ priors }) => priors.length > 0).length
  if (partly + without === 0) return t('Of this list’s {{count}} studies all is here.', { count: listed })
  const parts = [
    partly > 0 && t('{{count}} are only partly here', { count: partly }),
    without > 0 && t('{{count}} have priors that are not here', { count: without }),
  ]
  return t('Of this list’s {{count}} studies {{what}}.', { count: listed, what: parts.filter(Boolean).join(', ') })
}

/** What a destination is doing, in a few words. */
export function describeState(destination: DestinationSummary): string {
  const { state, since, queued, unproved, confirmed } = destination
  switch (state) {
    case 'offline':
      return t('offline since {{moment}}', { moment: formatMoment(since) })
    case 'paused':
      return t('paused since {{moment}}', { moment: formatMoment(since) })
    case 'quiet hours':
      return t('waits for the quiet hours')
    case 'waiting':
      return t('waits for the next try')
    case 'sending':
      return t('sending')
    case 'idle':
      if (queued + unproved > 0) return t('about to send')
      return confirmed === 0 ? t('nothing to send yet') : t('all that was sent is proved')
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
  return hours < 48 ? `${hours} h` : t('{{days}} days', { days: Math.round(hours / 24) })
}

/** How fast, and how long it will take; '' while nothing moves. */
export function describePace(destination: DestinationSummary): string {
  const { state, imagesPerSecond, bytesPerSecond, etaSeconds } = destination
  if (state !== 'sending' || imagesPerSecond <= 0) return ''
  const images = imagesPerSecond.toFixed(imagesPerSecond < 10 ? 1 : 0)
  const rate = t('{{images}} images/s · {{bytes}}/s', { images, bytes: formatBytes(bytesPerSecond) })
  return etaSeconds === null ? rate : `${rate} · ${t('{{duration}} left', { duration: formatDuration(etaSeconds) })}`
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' })

/** When it is tried again; '' while it works, and while a person has stopped it. */
export function describeNextTry({ nextTryAt, state }: DestinationSummary): string {
  return state === 'paused' || nextTryAt === null ? '' : t('next try {{moment}}', { moment: CLOCK.format(nextTryAt) })
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
    all.length > 1
      ? t('{{name}} and {{number}} more', { name: all[0]!.name, number: all.length - 1 })
      : (all[0]?.name ?? '')
  const waiting = (all: readonly DestinationSummary[]) => {
    const images = all.reduce((sum, one) => sum + one.queued, 0)
    return images === 0 ? '' : ` · ${t('{{images}} waiting', { images })}`
  }
  const offline = destinations.filter(({ state }) => state === 'offline').toSorted((one, two) => one.since - two.since)
  if (offline[0]) {
    const words = t('{{names}} offline since {{moment}}', {
      names: names(offline),
      moment: formatMoment(offline[0].since),
    })
    return { words: `${words}${waiting(offline)}`, attention: true }
  }
  const refusing = destinations.filter(({ dead }) => dead > 0)
  if (refusing.length > 0) {
    const images = refusing.reduce((sum, one) => sum + one.dead, 0)
    return {
      words: t('{{count}} images refused by {{names}}', { count: images, names: names(refusing) }),
      attention: true,
    }
  }
  const paused = destinations.filter(({ state, queued }) => state === 'paused' && queued > 0)
  if (paused.length > 0) {
    return { words: `${t('{{names}} paused', { names: names(paused) })}${waiting(paused)}`, attention: false }
  }
  const sending = destinations.filter(({ state }) => state === 'sending')
  const left = sending.reduce((sum, one) => sum + one.queued, 0)
  if (left === 0) return undefined
  return { words: t('sending {{left}} to {{names}}', { left, names: names(sending) }), attention: false }
}

/** For the narrowest of columns; the whole number is in its tooltip. */
export function shortCount(images: number): string {
  return images < 1000 ? String(images) : `${Math.min(99, Math.floor(images / 1000))}k`
}

type Held = Pick<StudySummary, 'custody' | 'NumberOfStudyRelatedInstances'>

/** What of a study only archives have; undefined where all of it is here. */
export function describeAway({ away }: Pick<StudySummary, 'away'>): string | undefined {
  if (away === 0) return undefined
  return t('{{count}} images on the archive, fetched when opened', { count: away })
}

/** What of a study is not proved to be where it has to go; undefined where there is nothing to say. */
export function describeCustody({ custody, NumberOfStudyRelatedInstances: images }: Held): string | undefined {
  if (custody === null || custody.waiting === 0) return undefined
  const { waiting, dead } = custody
  // Another version of an image counts, too: then they are more than the list shows.
  const not =
    waiting > images
      ? t('{{waiting}} not on the server', { waiting })
      : t('{{waiting}} of {{images}} not on the server', { waiting, images })
  return dead === 0 ? not : `${not}, ${t('{{dead}} refused', { dead })}`
}

const EVENT_WORDS: Record<CustodyEvent['kind'], string> = {
  queued: msg('queued'),
  sent: msg('sent'),
  confirmed: msg('proved'),
  failed: msg('not sent'),
  dead: msg('refused'),
  lost: msg('lost by the server'),
  gone: msg('no longer there'),
  retried: msg('to be sent again'),
}

export function describeEvent({ kind, images, detail }: CustodyEvent): string {
  const what = `${countImages(images)} ${t(EVENT_WORDS[kind])}`
  return detail === '' ? what : `${what}. ${asSentence(heard(detail))}`
}

/** What the station says in the middle of its own sentences, standing alone. */
export function asSentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}
