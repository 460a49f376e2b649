import { z } from 'zod'
import { sectionId } from './headings.ts'
import type { ReportContent } from './report.ts'

/** What a report begins with. A file of ours is this as JSON; RSNA RadReport's HTML becomes it (`htmlTemplate.ts`). */
export const reportTemplate = z.object({
  id: z.string().min(1).max(100),
  title: z.string().min(1).max(200),
  /** Which studies it is for: of each list one word has to be met; an empty list is met by all. */
  modalities: z.array(z.string().max(16)).max(20).default([]),
  bodyParts: z.array(z.string().max(64)).max(50).default([]),
  procedures: z.array(z.string().max(64)).max(50).default([]),
  sections: z
    .array(z.object({ title: z.string().min(1).max(64), text: z.string().max(10_000).default('') }))
    .min(1)
    .max(30),
})
export type ReportTemplate = z.infer<typeof reportTemplate>

/** What a template is chosen by. */
export interface StudyKind {
  modalities: readonly string[]
  bodyParts: readonly string[]
  /** Description of the study, and of what was asked for. */
  description: string
}

/** How well a template fits: each list that is met counts, the procedure's words most; undefined where one is not. */
function howWell(template: ReportTemplate, { modalities, bodyParts, description }: StudyKind): number | undefined {
  const words = description.toLowerCase()
  const meets = {
    procedures: template.procedures.some(word => words.includes(word.toLowerCase())),
    bodyParts: template.bodyParts.some(
      part => bodyParts.some(own => own.toLowerCase() === part.toLowerCase()) || words.includes(part.toLowerCase()),
    ),
    modalities: template.modalities.some(modality => modalities.includes(modality)),
  }
  const weights = { procedures: 4, bodyParts: 2, modalities: 1 } as const
  let sum = 0
  for (const list of ['procedures', 'bodyParts', 'modalities'] as const) {
    if (template[list].length === 0) continue
    if (!meets[list]) return undefined
    sum += weights[list]
  }
  return sum
}

/** The templates, the one that fits best first; of equals the first one given. Those that do not fit come last. */
export function byFit(templates: readonly ReportTemplate[], study: StudyKind): ReportTemplate[] {
  return templates
    .map((template, at) => ({ template, at, fits: howWell(template, study) ?? -1 }))
    .sort((a, b) => b.fits - a.fits || a.at - b.at)
    .map(({ template }) => template)
}

export function contentOf({ id, title, sections }: ReportTemplate): ReportContent {
  const ids = new Map<string, number>()
  return {
    version: 1,
    template: id,
    title,
    sections: sections.map(section => {
      const own = sectionId(section.title)
      const before = ids.get(own) ?? 0
      ids.set(own, before + 1)
      return {
        id: before === 0 ? own : `${own.slice(0, 60)}-${before + 1}`,
        title: section.title,
        text: section.text,
        links: [],
      }
    }),
  }
}

/** What an addendum begins with. */
export function addendumTo({ title }: ReportContent): ReportContent {
  return contentOf({
    id: 'addendum',
    title: `Addendum to: ${title}`.slice(0, 200),
    modalities: [],
    bodyParts: [],
    procedures: [],
    sections: [{ title: 'Addendum', text: '' }],
  })
}

/** Of another template what has been written stays: sections with the same title keep it, others are added where they say something. */
export function underTemplate(
  content: ReportContent,
  template: ReportTemplate,
  before?: ReportTemplate,
): ReportContent {
  const fresh = contentOf(template)
  const asGiven = new Map(before?.sections.map(({ title, text }) => [sectionId(title), text]))
  const isWritten = ({ id, text }: ReportContent['sections'][number]) => text.trim() !== '' && text !== asGiven.get(id)
  const written = new Map(content.sections.filter(isWritten).map(section => [section.id, section]))
  const taken = fresh.sections.map(section => {
    const own = written.get(section.id)
    written.delete(section.id)
    return own === undefined ? section : { ...own, title: section.title }
  })
  return { ...fresh, sections: [...taken, ...written.values()].slice(0, 30) }
}
