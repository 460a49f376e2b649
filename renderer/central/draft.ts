import { type Destination, destination, type Proof, type SendRule } from '../../shared/sync.ts'
import { msg, t } from '../i18n/index.ts'
import { describePullIssue, type PullDraft, pullDraftOf, pullOf } from './pullDraft.ts'
import { filled, joined, list, nextKey } from './texts.ts'

/** A destination as it stands in a form: texts that may not be whole yet. */

export type How = 'urgent' | 'normal' | 'offPeak' | 'never'

export interface RuleDraft {
  /** Of the form alone: what stays the same while rules change places. */
  key: number
  how: How
  modalities: string
  sendingAETs: string
  receivingAETs: string
  descriptions: string
  stations: string
  /** HH:MM; '' = whenever. */
  from: string
  to: string
}

export interface LimitDraft {
  key: number
  from: string
  to: string
  kilobytesPerSecond: string
}

export interface Draft {
  name: string
  kind: Destination['route']['kind']
  url: string
  node: string
  orthanc: string
  authorizationFile: string
  trustedFile: string
  proof: Proof
  concurrency: string
  quietFrom: string
  quietTo: string
  limits: LimitDraft[]
  rules: RuleDraft[]
  paused: boolean
  pull: PullDraft
}

export function newRule(): RuleDraft {
  const none = { modalities: '', sendingAETs: '', receivingAETs: '', descriptions: '', stations: '' }
  return { key: nextKey(), how: 'normal', ...none, from: '', to: '' }
}

export function newLimit(): LimitDraft {
  return { key: nextKey(), from: '07:00', to: '19:00', kilobytesPerSecond: '2000' }
}

function ruleDraft(rule: SendRule): RuleDraft {
  return {
    key: nextKey(),
    how: rule.send ? rule.urgency : 'never',
    modalities: joined(rule.modalities),
    sendingAETs: joined(rule.sendingAETs),
    receivingAETs: joined(rule.receivingAETs),
    descriptions: joined(rule.descriptions),
    stations: joined(rule.stations),
    from: rule.received?.from ?? '',
    to: rule.received?.to ?? '',
  }
}

/** What the form begins with; undefined: a new destination. */
export function draftOf(one: Destination | undefined): Draft {
  const { route } = one ?? {}
  return {
    name: one?.name ?? '',
    kind: route?.kind ?? 'dicomweb',
    url: route?.kind === 'dicomweb' ? route.url : '',
    node: route?.kind === 'dimse' ? route.node : '',
    orthanc: route?.orthanc ?? '',
    authorizationFile: route?.authorizationFile ?? '',
    trustedFile: route?.trustedFile ?? '',
    proof: one?.proof ?? 'equal',
    concurrency: String(one?.concurrency ?? 3),
    quietFrom: one?.offPeak.from ?? '20:00',
    quietTo: one?.offPeak.to ?? '06:00',
    limits: (one?.limits ?? []).map(({ from, to, kilobytesPerSecond }) => ({
      key: nextKey(),
      from,
      to,
      kilobytesPerSecond: String(kilobytesPerSecond),
    })),
    rules: (one?.rules ?? []).map(ruleDraft),
    paused: one?.paused ?? false,
    pull: pullDraftOf(one?.pull),
  }
}

function ruleOf({ how, from, to, modalities, ...texts }: RuleDraft): object {
  const { sendingAETs, receivingAETs, descriptions, stations } = texts
  return {
    send: how !== 'never',
    urgency: how === 'never' ? 'normal' : how,
    ...filled({
      modalities: list(modalities.replaceAll(/\s+/g, ',')),
      sendingAETs: list(sendingAETs),
      receivingAETs: list(receivingAETs),
      descriptions: list(descriptions),
      stations: list(stations),
      received: from === '' && to === '' ? undefined : { from, to },
    }),
  }
}

/** The fields as the form calls them, and what they need. */
const FIELDS: Record<string, string> = {
  'name': msg('Name: 1 to 64 characters.'),
  'route.url': msg('Address: as in https://pacs.example/dicom-web, without user, query or fragment.'),
  'route.node': msg('Node: one of those in Settings › Network.'),
  'route.orthanc': msg('Orthanc’s own address: as in http://pacs.example:8042, without user, query or fragment.'),
  'route.authorizationFile': msg('File with its key: the path of a file.'),
  'route.trustedFile': msg('File with trusted certificates: the path of a file.'),
  'concurrency': msg('At once: a number from 1 to 8.'),
  'offPeak': msg('Quiet hours: two times of day.'),
}

/** What is not as it should be, at a place of the destination, and how it should be. */
function describeIssue(path: readonly PropertyKey[]): string {
  const [first, second, third] = path
  if (first === 'pull') return describePullIssue(path.slice(1))
  if (first === 'rules') {
    const number = Number(second) + 1
    return third === 'received'
      ? t('Rule {{number}}: received between two times of day.', { number })
      : t('Rule {{number}}: at most 64 characters each.', { number })
  }
  if (first === 'limits')
    return t('Limit {{number}}: two times of day and a number of kB/s.', { number: Number(second) + 1 })
  return t(FIELDS[`${String(first)}.${String(second)}`] ?? FIELDS[String(first)] ?? msg('This cannot be kept.'))
}

/** The destination a form says, or what it lacks, in words. */
export function destinationOf(draft: Draft): { destination: Destination } | { troubles: string[] } {
  const { name, kind, url, node, concurrency, quietFrom, quietTo, limits, rules, proof, paused } = draft
  const pull = pullOf(draft.pull)
  const more = filled({
    orthanc: draft.orthanc.trim(),
    authorizationFile: draft.authorizationFile.trim(),
    trustedFile: draft.trustedFile.trim(),
  })
  const read = destination.safeParse({
    name,
    route: kind === 'dicomweb' ? { kind, url: url.trim(), ...more } : { kind, node, ...more },
    proof,
    paused,
    concurrency: Number(concurrency),
    offPeak: { from: quietFrom, to: quietTo },
    limits: limits.map(({ from, to, kilobytesPerSecond }) => ({
      from,
      to,
      kilobytesPerSecond: Number(kilobytesPerSecond),
    })),
    rules: rules.map(ruleOf),
    ...(pull && { pull }),
  })
  if (read.success) return { destination: read.data }
  return { troubles: [...new Set(read.error.issues.map(({ path }) => describeIssue(path)))] }
}
