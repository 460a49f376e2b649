import { type Pull, pull } from '../../shared/pull.ts'
import { msg, t } from '../i18n/index.ts'
import { filled, joined, list, nextKey } from './texts.ts'

/** What comes here by itself, as it stands in a form: texts that may not be whole yet. */

export interface PullRuleDraft {
  /** Of the form alone. */
  key: number
  /** Added in this form: whoever added it goes on in it. */
  isNew: boolean
  modalities: string
  referrers: string
  descriptions: string
  /** '' = of any date. */
  sinceDays: string
}

export interface PullDraft {
  /** None: nothing comes. */
  rules: PullRuleDraft[]
  most: string
  years: string
  megabytes: string
  everySeconds: string
}

export function newPullRule(): PullRuleDraft {
  return { key: nextKey(), isNew: true, modalities: '', referrers: '', descriptions: '', sinceDays: '' }
}

/** What the form begins with; undefined: nothing comes yet. */
export function pullDraftOf(one: Pull | undefined): PullDraft {
  const { rules: kept, priors, everySeconds } = one ?? { ...pull.parse({ rules: [{}] }), rules: [] }
  return {
    rules: kept.map(rule => ({
      key: nextKey(),
      isNew: false,
      modalities: joined(rule.modalities),
      referrers: joined(rule.referrers),
      descriptions: joined(rule.descriptions),
      sinceDays: rule.sinceDays?.toString() ?? '',
    })),
    most: String(priors.most),
    years: String(priors.years),
    megabytes: String(priors.megabytes),
    everySeconds: String(everySeconds),
  }
}

/** A number that was left out is none, and not 0. */
const numberOf = (text: string) => (text.trim() === '' ? Number.NaN : Number(text))

/** As the destination has it, not looked at yet; undefined: nothing comes. */
export function pullOf({ rules, most, years, megabytes, everySeconds }: PullDraft): Pull | undefined {
  if (rules.length === 0) return undefined
  return {
    rules: rules.map(({ modalities, referrers, descriptions, sinceDays }) =>
      filled({
        modalities: list(modalities.replaceAll(/\s+/g, ',')),
        referrers: list(referrers),
        descriptions: list(descriptions),
        sinceDays: sinceDays.trim() === '' ? undefined : Number(sinceDays),
      }),
    ),
    priors: { most: numberOf(most), years: numberOf(years), megabytes: numberOf(megabytes) },
    everySeconds: numberOf(everySeconds),
  }
}

const FIELDS: Record<string, string> = {
  most: msg('Priors of a patient, at most: a number from 0 to 50.'),
  years: msg('Of the last years: a number from 1 to 100.'),
  megabytes: msg('MB of a patient, at most: a number from 1 to 1,000,000.'),
  everySeconds: msg('Seconds between two looks: a number from 1 to 3,600.'),
}

/** What is not as it should be, at a place below `pull`. */
export function describePullIssue([first, second, third]: readonly PropertyKey[]): string {
  if (first !== 'rules') return t(FIELDS[String(second ?? first)] ?? msg('What comes here by itself cannot be kept.'))
  const number = Number(second) + 1
  return third === 'sinceDays'
    ? t('Comes here {{number}}: a number of days, or nothing.', { number })
    : t('Comes here {{number}}: at most 64 characters each.', { number })
}
