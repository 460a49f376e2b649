import { z } from 'zod'
import { create } from 'zustand'
import { DEFAULT_MACROS, macros } from '../../shared/reporting/macros.ts'
import { type ReportTemplate, reportTemplate } from '../../shared/reporting/template.ts'
import { userSetting } from '../userSetting.ts'

/** Written by whatever version: what cannot be read is as new. */
const stored = z.object({
  /** Who signs, as DICOM has names. */
  name: z.string().max(64).catch(''),
  organisation: z.string().max(64).catch(''),
  /** Signing marks the study as read. */
  marksRead: z.boolean().catch(true),
  macros: macros.catch(DEFAULT_MACROS),
  /** The user's own, before those that ship. */
  templates: z.array(reportTemplate).max(200).catch([]),
})
export type ReportSettings = z.infer<typeof stored>

export const useReportSettings = create<ReportSettings>(() => stored.parse({}))

const setting = userSetting(
  'reporting',
  value => stored.parse(value ?? {}),
  useReportSettings.setState,
  now => now,
)

/** Reads what the user set. Returns what stops asking. */
export const followReportSettings = setting.follow

export function chooseReportSettings(part: Partial<ReportSettings>): Promise<void> {
  return setting.choose(now => stored.parse({ ...now, ...part }))
}

const SHIPPED = import.meta.glob<unknown>('../../resources/reportTemplates/*.json', { eager: true, import: 'default' })

/** The user's own templates, then those that ship; of the same id the user's. */
export function allTemplates(own: readonly ReportTemplate[]): ReportTemplate[] {
  const shipped = Object.values(SHIPPED).map(one => reportTemplate.parse(one))
  return [...own, ...shipped.filter(({ id }) => !own.some(one => one.id === id))]
}
