import type { ExportPlan } from '../../shared/export.ts'

type Risk = ExportPlan['series'][number]['risks'][number]

const WORDS: Record<Risk, string> = {
  'burned-in': 'say that a name is written into their pixels',
  'perhaps-burned-in': 'often have a name written into their pixels: look at them first',
  'document': 'are documents (PDF, CDA, models), which nothing here can look into',
  'report': 'are reports: left out, or without their text where that is chosen',
  'video': 'are video, which nothing here can look into',
}

/** How many images speak for each risk, in words; most serious first. Judged by the first of each series. */
export function riskWords(plan: Pick<ExportPlan, 'series'>): Array<{ risk: Risk; words: string }> {
  return (Object.keys(WORDS) as Risk[]).flatMap(risk => {
    const images = plan.series
      .filter(series => series.risks.includes(risk))
      .reduce((sum, { images }) => sum + images, 0)
    return images === 0 ? [] : [{ risk, words: `${images.toLocaleString()} of the files ${WORDS[risk]}` }]
  })
}

/** Something is left out unless a person vouches for it. */
export function asksForWord(plan: Pick<ExportPlan, 'series'>): boolean {
  return plan.series.some(({ risks }) =>
    risks.some(risk => risk === 'burned-in' || risk === 'document' || risk === 'video'),
  )
}
