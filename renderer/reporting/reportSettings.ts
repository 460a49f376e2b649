import { z } from 'zod'
import { create } from 'zustand'
import { DEFAULT_MACROS, macros } from '../../shared/reporting/macros.ts'
import { type ReportTemplate, reportTemplate } from '../../shared/reporting/template.ts'
import { call, onStationEvent } from '../client.ts'
import { announceFailure } from '../ui/index.ts'

const SETTING = 'reporting'

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

let isRead = false
let reading: Promise<void> | undefined
/** Chosen before it was known what there is. */
let chosen: Partial<ReportSettings> = {}
let keeping = Promise.resolve()

const otherWindows = new BroadcastChannel('isocenter-reporting')
otherWindows.onmessage = ({ data }) => {
  isRead = true
  useReportSettings.setState(stored.parse(data))
}

function read(): Promise<void> {
  if (isRead) return Promise.resolve()
  reading ??= ask().finally(() => {
    reading = undefined
  })
  return reading
}

async function ask(): Promise<void> {
  const settings = await call('settings.get', {})
  isRead = true
  useReportSettings.setState({ ...stored.parse(settings[SETTING] ?? {}), ...chosen })
}

/** Reads what the user set. Returns what stops asking. */
export function followReportSettings(): () => void {
  // Asked again when the station is back.
  const again = () => void read().catch(() => {})
  again()
  return onStationEvent('connection', online => online && again())
}

/** One after the other, and never over macros and templates that were not read yet. */
export async function chooseReportSettings(part: Partial<ReportSettings>): Promise<void> {
  if (!isRead) chosen = { ...chosen, ...part }
  useReportSettings.setState(stored.parse({ ...useReportSettings.getState(), ...part }))
  try {
    await read()
    const next = useReportSettings.getState()
    otherWindows.postMessage(next)
    keeping = keeping
      .catch(() => {})
      .then(async () => void (await call('settings.set', { key: SETTING, value: useReportSettings.getState() })))
    await keeping
  } catch (thrown) {
    announceFailure('It holds in these windows, but could not be kept.', thrown)
  }
}

const SHIPPED = import.meta.glob<unknown>('../../resources/reportTemplates/*.json', { eager: true, import: 'default' })

/** The user's own templates, then those that ship; of the same id the user's. */
export function allTemplates(own: readonly ReportTemplate[]): ReportTemplate[] {
  const shipped = Object.values(SHIPPED).map(one => reportTemplate.parse(one))
  return [...own, ...shipped.filter(({ id }) => !own.some(one => one.id === id))]
}
