import type { ExportPlan } from '../../shared/export.ts'
import { msg, t } from '../i18n/index.ts'

type Risk = ExportPlan['series'][number]['risks'][number]

const WORDS: Record<Risk, string> = {
  'burned-in': msg('{{count}} of the files say that a name is written into their pixels'),
  'perhaps-burned-in': msg('{{count}} of the files often have a name written into their pixels: look at them first'),
  'document': msg('{{count}} of the files are documents (PDF, CDA, models), which nothing here can look into'),
  'report': msg('{{count}} of the files are reports: left out, or without their text where that is chosen'),
  'video': msg('{{count}} of the files are video, which nothing here can look into'),
}

/** How many images speak for each risk, in words; most serious first. Judged by the first of each series. */
export function riskWords(plan: Pick<ExportPlan, 'series'>): Array<{ risk: Risk; words: string }> {
  return (Object.keys(WORDS) as Risk[]).flatMap(risk => {
    const images = plan.series
      .filter(series => series.risks.includes(risk))
      .reduce((sum, { images }) => sum + images, 0)
    return images === 0 ? [] : [{ risk, words: t(WORDS[risk], { count: images }) }]
  })
}

/** Something is left out unless a person vouches for it. */
export function asksForWord(plan: Pick<ExportPlan, 'series'>): boolean {
  return plan.series.some(({ risks }) =>
    risks.some(risk => risk === 'burned-in' || risk === 'document' || risk === 'video'),
  )
}
