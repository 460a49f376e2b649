import { z } from 'zod'

/** What is brought here from an archive by itself: the words of the pull. Dates are DICOM's (YYYYMMDD) of the station's local day. */

const words = z.array(z.string().trim().min(1).max(64)).min(1).max(100)

/** All that is given must hold, of a list any; letters' case does not matter. */
const pullRule = z.strictObject({
  modalities: words.optional(),
  /** Each somewhere in the referring physician's name. */
  referrers: words.optional(),
  /** Each somewhere in the study's description. */
  descriptions: words.optional(),
  /** Study dates from so many days back on; 0 = today. Left out: of any date. */
  sinceDays: z.int().min(0).max(36_500).optional(),
})
export type PullRule = z.infer<typeof pullRule>

const priorRule = z.strictObject({
  /** Of a patient; 0 = none. */
  most: z.int().min(0).max(50).default(3),
  years: z.int().min(1).max(100).default(5),
  /** Of a patient, as `estimatedBytes` has it. */
  megabytes: z.int().min(1).max(1_000_000).default(4000),
})
export type PriorRule = z.infer<typeof priorRule>

export const pull = z.strictObject({
  /** What fits one of them comes here. */
  rules: z.array(pullRule).min(1).max(100),
  /** Of the patients of what comes. */
  priors: priorRule.default({ most: 3, years: 5, megabytes: 4000 }),
  /** Between two looks at what is new there, give or take a fifth. */
  everySeconds: z.int().min(1).max(3600).default(60),
})
export type Pull = z.infer<typeof pull>

/** A study as an archive lists it. */
export interface ListedStudy {
  StudyInstanceUID: string
  PatientID: string
  IssuerOfPatientID: string
  /** YYYYMMDD, or whatever stands there. */
  StudyDate: string
  StudyDescription: string
  ReferringPhysicianName: string
  ModalitiesInStudy: string[]
  /** Of its series, where they were looked at. */
  BodyPartExamined: string[]
  NumberOfStudyRelatedSeries: number
  NumberOfStudyRelatedInstances: number
}

/** YYYYMMDD of the local day that lies so many days before this moment (epoch ms). */
export function dayBefore(at: number, days: number): string {
  const date = new Date(at)
  date.setDate(date.getDate() - days)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${String(date.getFullYear()).padStart(4, '0')}${two(date.getMonth() + 1)}${two(date.getDate())}`
}

const lower = (text: string) => text.trim().toLowerCase()
const contains = (text: string, any: string[]) => any.some(word => lower(text).includes(lower(word)))

/** Whether a study is brought here by these rules. */
export function isWanted(rules: readonly PullRule[], study: ListedStudy, now: number): boolean {
  return rules.some(({ modalities, referrers, descriptions, sinceDays }) => {
    if (modalities && !study.ModalitiesInStudy.some(own => modalities.some(one => lower(one) === lower(own))))
      return false
    if (referrers && !contains(study.ReferringPhysicianName, referrers)) return false
    if (descriptions && !contains(study.StudyDescription, descriptions)) return false
    return sinceDays === undefined || study.StudyDate >= dayBefore(now, sinceDays)
  })
}

/** The earliest study date that any rule can want; '' = there is none. */
export function earliestWanted(rules: readonly PullRule[], now: number): string {
  const days = rules.map(({ sinceDays }) => sinceDays)
  return days.includes(undefined) ? '' : dayBefore(now, Math.max(...days.map(Number)))
}

/** An archive tells how many images a study has, not how large they are: a CT image has half a megabyte. */
export function estimatedBytes({ NumberOfStudyRelatedInstances }: ListedStudy): number {
  return NumberOfStudyRelatedInstances * 500_000
}

const share = (a: readonly string[], b: readonly string[]) =>
  a.some(one => one !== '' && b.some(other => lower(one) === lower(other)))

/**
 * Which of a patient's other studies come along, the most useful first: same body part, then same modality, then the newest; within
 * the years, the number and the estimated size. One that is too large leaves its place to the next.
 */
export function priorsOf(current: ListedStudy, others: readonly ListedStudy[], rule: PriorRule): ListedStudy[] {
  const from = `${String(Number(current.StudyDate.slice(0, 4)) - rule.years).padStart(4, '0')}${current.StudyDate.slice(4)}`
  const near = (other: ListedStudy) =>
    2 * Number(share(current.BodyPartExamined, other.BodyPartExamined)) +
    Number(share(current.ModalitiesInStudy, other.ModalitiesInStudy))
  const ranked = others
    .filter(other => other.StudyInstanceUID !== current.StudyInstanceUID)
    .filter(({ StudyDate }) => StudyDate !== '' && StudyDate >= from && StudyDate <= current.StudyDate)
    .toSorted((a, b) => near(b) - near(a) || (a.StudyDate < b.StudyDate ? 1 : a.StudyDate > b.StudyDate ? -1 : 0))
  const chosen: ListedStudy[] = []
  let left = rule.megabytes * 1e6
  for (const other of ranked) {
    if (chosen.length >= rule.most) break
    const bytes = estimatedBytes(other)
    if (bytes > left) continue
    left -= bytes
    chosen.push(other)
  }
  return chosen
}

export const pulledStudy = z.object({
  StudyInstanceUID: z.string(),
  PatientID: z.string(),
  StudyDate: z.string(),
  /** Of the last two days, of the patient of such a one, or else by the rules. */
  kind: z.enum(['current', 'prior', 'earlier']),
  /** 'incomplete': some of it could not be had; it is tried again with the nightly look at everything. */
  state: z.enum(['queued', 'here', 'incomplete']),
})
export type PulledStudy = z.infer<typeof pulledStudy>

/** What one archive has for this station, as far as it was looked at since the station started. */
export const pullSummary = z.object({
  destination: z.string(),
  /** When it was last looked at to the end, epoch ms; null = not yet. */
  lookedAt: z.number().nullable(),
  /** Why it is not looked at or nothing comes, in words; '' = all is well. */
  trouble: z.string(),
  /** Of today's studies that the rules want. */
  today: z.object({ wanted: z.int(), here: z.int() }),
  priors: z.object({ wanted: z.int(), here: z.int() }),
  queued: z.int(),
  /** What is not here, at most 200; the next to come first. */
  lacking: z.array(pulledStudy),
})
export type PullSummary = z.infer<typeof pullSummary>
