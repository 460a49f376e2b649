import { expect, test } from 'vitest'
import { destinationOf, draftOf, newLimit, newRule } from '../../renderer/central/draft.ts'
import { inventoryOf } from '../../renderer/central/inventory.ts'
import { type ReadPage, readMore } from '../../renderer/central/letters.ts'
import { newPullRule, type PullDraft } from '../../renderer/central/pullDraft.ts'
import {
  badgeOf,
  describeCustody,
  describeEvent,
  describeInventory,
  describeNextTry,
  describeOutage,
  describePace,
  describePull,
  describeRule,
  describeState,
  formatDuration,
  shortCount,
} from '../../renderer/central/words.ts'
import { type DeadLetter, type DestinationSummary, destination, sendRule } from '../../shared/sync.ts'
import { studySummary } from './studySummary.ts'

const SINCE = new Date().setHours(14, 2, 0, 0)

function summary(name: string, change: Partial<DestinationSummary> = {}): DestinationSummary {
  return {
    name,
    kind: 'dicomweb',
    address: 'pacs.example:443',
    state: 'idle',
    since: SINCE,
    queued: 0,
    queuedBytes: 0,
    unproved: 0,
    confirmed: 10,
    dead: 0,
    oldest: null,
    imagesPerSecond: 0,
    bytesPerSecond: 0,
    etaSeconds: null,
    trouble: '',
    nextTryAt: null,
    outages: [],
    ...change,
  }
}

const whole = (read: ReturnType<typeof destinationOf>) => {
  if ('troubles' in read) throw new Error(read.troubles.join(' '))
  return read.destination
}
const troublesOf = (read: ReturnType<typeof destinationOf>) => ('troubles' in read ? read.troubles : [])

test('a destination comes out of the form as it went in', () => {
  const all = destination.parse({
    name: 'Archive',
    route: { kind: 'dicomweb', url: 'https://pacs.example/dicom-web', orthanc: 'http://pacs.example:8042' },
    proof: 'present',
    concurrency: 5,
    limits: [{ from: '07:00', to: '19:00', kilobytesPerSecond: 500 }],
    rules: [
      { send: false, modalities: ['SR', 'PR'] },
      { urgency: 'urgent', sendingAETs: ['CT 1'], descriptions: ['stroke code', 'trauma'] },
      { urgency: 'offPeak', stations: ['MR2'], receivingAETs: ['ISOCENTER'], received: { from: '22:00', to: '05:30' } },
    ],
    paused: true,
    pull: { rules: [{ modalities: ['CT'], sinceDays: 2 }] },
  })
  expect(whole(destinationOf(draftOf(all)))).toEqual(all)
  const node = destination.parse({ name: 'Old PACS', route: { kind: 'dimse', node: 'PACS' } })
  expect(whole(destinationOf(draftOf(node)))).toEqual(node)
})

test('what comes here by itself is written, and says in words what it lacks', () => {
  const draft = draftOf(undefined)
  const to = (pull: Partial<PullDraft>) =>
    destinationOf({ ...draft, name: 'A', url: 'http://127.0.0.1:8042/dicom-web', pull: { ...draft.pull, ...pull } })
  expect(whole(to({})).pull).toBeUndefined()
  const today = { ...newPullRule(), sinceDays: '0' }
  const ct = { ...newPullRule(), modalities: 'CT MR', referrers: 'Ito, van der Berg', sinceDays: '' }
  const { pull } = whole(to({ rules: [today, ct], most: '2' }))
  expect(pull).toEqual({
    rules: [{ sinceDays: 0 }, { modalities: ['CT', 'MR'], referrers: ['Ito', 'van der Berg'] }],
    priors: { most: 2, years: 5, megabytes: 4000 },
    everySeconds: 60,
  })
  expect(describePull(pull!)).toBe(
    'Comes here by itself: of today; CT or MR, referred by Ito or van der Berg, and up to 2 priors of each patient.',
  )
  const bad = to({ rules: [{ ...today, sinceDays: '-1' }], megabytes: '', everySeconds: '0' })
  expect(troublesOf(bad)).toEqual([
    'Comes here 1: a number of days, or nothing.',
    'MB of a patient, at most: a number from 1 to 1,000,000.',
    'Seconds between two looks: a number from 1 to 3,600.',
  ])
  // From a node as from a DICOMweb service.
  expect(
    whole(destinationOf({ ...draft, name: 'A', kind: 'dimse', node: 'B', pull: { ...draft.pull, rules: [today] } }))
      .pull?.rules,
  ).toHaveLength(1)
})

test('what an archive that is away means for a list: what is only partly here, and priors that are not', () => {
  const listed = [
    studySummary(1, { StudyInstanceUID: '1.1', PatientID: 'A' }),
    studySummary(2, { StudyInstanceUID: '1.2', PatientID: 'B', away: 3 }),
    studySummary(3, { StudyInstanceUID: '1.3', PatientID: 'C' }),
    studySummary(4, { StudyInstanceUID: '1.4', PatientID: '' }),
  ]
  const lacks = (StudyInstanceUID: string, PatientID: string, kind: 'prior' | 'current' = 'prior') => {
    return { StudyInstanceUID, PatientID, kind, StudyDate: '20200101', state: 'queued' as const }
  }
  const lacking = [lacks('9.1', 'C'), lacks('9.2', 'C'), lacks('9.3', 'A', 'current'), lacks('9.4', '')]
  const found = inventoryOf(listed, [{ lacking }, { lacking: [lacks('9.1', 'C')] }])
  expect(found.map(({ study, images, priors }) => [study.StudyInstanceUID, images, priors])).toEqual([
    ['1.2', 3, []],
    ['1.3', 0, ['9.1', '9.2']],
  ])
  expect(describeInventory(found, 4)).toBe(
    'Of this list’s 4 studies 1 is only partly here, 1 has priors that are not here.',
  )
  expect(describeInventory([], 4)).toBe('Of this list’s 4 studies all is here.')
  const outage = { from: SINCE, until: SINCE + 60_000, times: 1, images: 412, studies: 3 }
  expect(describeOutage('PACS', outage)).toEqual([
    expect.stringMatching(/^PACS was away from .+ to .+$/),
    '412 images went out',
    '3 studies changed there meanwhile and came',
  ])
  expect(describeOutage('PACS', { ...outage, until: SINCE + 4400, images: 1, studies: 0 })).toEqual([
    expect.stringMatching(/^PACS was away for 4 s, .+$/),
    '1 image went out',
  ])
  expect(describeOutage('PACS', { ...outage, times: 3, images: 0 })[0]).toMatch(
    /^PACS was away 3 times between .+ and /,
  )
})

test('what was typed into a rule is taken as lists, and what was left empty is no condition', () => {
  const draft = draftOf(undefined)
  const rule = { ...newRule(), modalities: ' CT  MR,PT ', descriptions: 'chest pain; stroke,', from: '', to: '' }
  const { rules } = whole(destinationOf({ ...draft, name: 'A', url: 'http://127.0.0.1:8042/dicom-web', rules: [rule] }))
  expect(rules).toEqual([
    { urgency: 'normal', send: true, modalities: ['CT', 'MR', 'PT'], descriptions: ['chest pain', 'stroke'] },
  ])
})

test('a form that is not whole says what it lacks, by the names of its fields', () => {
  const empty = draftOf(undefined)
  expect(troublesOf(destinationOf(empty))).toEqual([
    'Name: 1 to 64 characters.',
    'Address: as in https://pacs.example/dicom-web, without user, query or fragment.',
  ])
  const node = { ...empty, name: 'A', kind: 'dimse' as const }
  expect(troublesOf(destinationOf(node))).toEqual(['Node: one of those in Settings › Network.'])
  const rest = {
    ...empty,
    name: 'A',
    url: 'https://me:secret@pacs.example/',
    concurrency: '',
    quietTo: '',
    limits: [{ ...newLimit(), kilobytesPerSecond: 'fast' }],
    rules: [newRule(), { ...newRule(), from: '08:00' }],
  }
  expect(troublesOf(destinationOf(rest))).toEqual([
    'Address: as in https://pacs.example/dicom-web, without user, query or fragment.',
    'Rule 2: received between two times of day.',
    'At once: a number from 1 to 8.',
    'Limit 1: two times of day and a number of kB/s.',
    'Quiet hours: two times of day.',
  ])
})

test('a rule reads as a sentence', () => {
  expect(describeRule(sendRule.parse({}))).toBe('Send: everything')
  const rule = sendRule.parse({
    urgency: 'urgent',
    modalities: ['CT', 'MR'],
    sendingAETs: ['CT1'],
    descriptions: ['stroke'],
    received: { from: '20:00', to: '06:00' },
  })
  expect(describeRule(rule)).toBe('Send before all else: CT or MR, from CT1, described “stroke”, received 20:00–06:00')
  expect(describeRule(sendRule.parse({ send: false, modalities: ['SR'] }))).toBe('Do not send: SR')
})

test('the status line says one thing of all destinations, the gravest', () => {
  const at = /14:02|02:02/
  expect(badgeOf([])).toBeUndefined()
  expect(badgeOf([summary('Archive')])).toBeUndefined()
  const sending = summary('Archive', { state: 'sending', queued: 1312 })
  expect(badgeOf([sending])).toEqual({ words: `sending ${(1312).toLocaleString()} to Archive`, attention: false })
  const paused = summary('Cloud', { state: 'paused', queued: 4 })
  expect(badgeOf([sending, paused])).toEqual({ words: 'Cloud paused · 4 waiting', attention: false })
  const refusing = summary('Old', { dead: 1 })
  expect(badgeOf([sending, paused, refusing])).toEqual({ words: '1 image refused by Old', attention: true })
  const offline = summary('Far', { state: 'offline', queued: 312, since: SINCE })
  const one = badgeOf([sending, paused, refusing, offline])!
  expect(one.words).toMatch(/^Far offline since .+ · 312 waiting$/)
  expect(one.words).toMatch(at)
  const longer = summary('Near', { state: 'offline', queued: 1, since: SINCE - 1000 })
  expect(badgeOf([offline, longer])!.words).toMatch(/^Near and 1 more offline since .+ · 313 waiting$/)
})

test('a destination’s row says what it does, how fast, and what went wrong', () => {
  expect(describeState(summary('A'))).toBe('all that was sent is proved')
  expect(describeState(summary('A', { confirmed: 0 }))).toBe('nothing to send yet')
  expect(describeState(summary('A', { state: 'offline' }))).toMatch(/^offline since /)
  expect(describePace(summary('A'))).toBe('')
  const quick = { state: 'sending' as const, imagesPerSecond: 8.44, bytesPerSecond: 4_200_000, etaSeconds: 140 }
  expect(describePace(summary('A', { ...quick, state: 'idle' }))).toBe('')
  expect(describePace(summary('A', quick))).toBe('8.4 images/s · 4.2 MB/s · 2 min left')
  expect(describeNextTry(summary('A'))).toBe('')
  expect(describeNextTry(summary('A', { state: 'offline', nextTryAt: SINCE }))).toMatch(/^next try .*02/)
  expect(describeNextTry(summary('A', { state: 'paused', nextTryAt: SINCE }))).toBe('')
  expect([0.2, 89, 90, 5400, 86_400, 260_000].map(formatDuration)).toEqual([
    '1 s',
    '89 s',
    '2 min',
    '2 h',
    '24 h',
    '3 days',
  ])
})

test('a study’s chip stands only where something is not proved, and never says more than all', () => {
  const study = (custody: { waiting: number; dead: number } | null) =>
    describeCustody(studySummary(1, { NumberOfStudyRelatedInstances: 812, custody }))
  expect(study(null)).toBeUndefined()
  expect(study({ waiting: 0, dead: 0 })).toBeUndefined()
  expect(study({ waiting: 3, dead: 0 })).toBe('3 of 812 not on the server')
  expect(study({ waiting: 3, dead: 1 })).toBe('3 of 812 not on the server, 1 refused')
  expect(study({ waiting: 813, dead: 0 })).toBe('813 not on the server')
  const counts = [7, 999, 1000, 9950, 99_999, 123_456]
  expect(counts.map(shortCount)).toEqual(['7', '999', '1k', '9k', '99k', '99k'])
  const event = { at: 0, destination: 'A', images: 1, detail: 'equal' }
  expect(describeEvent({ ...event, kind: 'confirmed' })).toBe('1 image proved. Equal')
  expect(describeEvent({ ...event, kind: 'lost', images: 2, detail: '' })).toBe('2 images lost by the server')
})

/** An archive's refusals, newest first, as the station gives them: a page ends where a moment ends. */
function station(all: DeadLetter[]): ReadPage & { asked: number } {
  const read = async ({ destination: of, limit = 200, before = Number.POSITIVE_INFINITY }: Parameters<ReadPage>[0]) => {
    found.asked++
    const letters = all.filter(letter => (of === undefined || letter.destination === of) && letter.at < before)
    const last = letters[limit - 1]
    return { letters: letters.filter((letter, index) => index < limit || letter.at === last?.at) }
  }
  const found = Object.assign(read, { asked: 0 })
  return found
}

function letter(contentId: number, at: number, StudyInstanceUID = '2.25.1'): DeadLetter {
  return {
    contentId,
    destination: 'Archive',
    at,
    attempts: 1,
    reason: 'no space',
    StudyInstanceUID,
    SOPInstanceUID: `2.25.9.${contentId}`,
    PatientName: '',
    lang: '',
    PatientID: '',
    StudyDate: '',
    StudyDescription: '',
    Modality: 'CT',
  }
}

test('the list of what was refused goes on page by page to its end', async () => {
  // 30 at a time: pages do not end where the limit is.
  const all = Array.from({ length: 1210 }, (_, index) => letter(index + 1, 10_000 - Math.floor(index / 30)))
  const read = station(all)
  let known = await readMore(read, 'Archive', [])
  while (!known.complete) known = await readMore(read, 'Archive', known.letters)
  expect(known.letters.map(({ contentId }) => contentId)).toEqual(all.map(({ contentId }) => contentId))
  expect(read.asked).toBe(3)
  expect(await readMore(read, 'Elsewhere', [])).toEqual({ letters: [], complete: true })
})
