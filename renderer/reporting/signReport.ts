import { refreshed } from '../../shared/reporting/edit.ts'
import { unfilled } from '../../shared/reporting/fields.ts'
import { isStored, reportText } from '../../shared/reporting/report.ts'
import { call } from '../client.ts'
import { t } from '../i18n/index.ts'
import { announce, announceFailure } from '../ui/index.ts'
import type { ReportImages } from './reportImages.ts'
import type { ReportKeeper } from './reportKeeper.ts'
import { useReportSettings } from './reportSettings.ts'
import { storeReport } from './storeReport.ts'

/** Why a report cannot be released or signed now; undefined: it can. */
export function refusal(keeper: ReportKeeper, { inFront, image }: ReportImages): string | undefined {
  const { content, conflict, loaded } = keeper.state.getState()
  if (!loaded) return t('The report is still being read.')
  if (content === undefined) return t('The report is signed: an addendum follows it.')
  if (conflict !== undefined) return t('It was changed in another window: choose first which text stays.')
  if (!inFront || image === undefined) return t('No image of this study is in front: hang one of its series first.')
  if (useReportSettings.getState().name.trim() === '')
    return t('Whose report it is has to be written under “Signed by” first.')
  if (reportText({ ...content, title: '' }).trim() === '') return t('Nothing is written yet.')
  const open = unfilled(content)
  if (open > 0) return t('{{count}} fields are not filled in.', { count: open })
  return undefined
}

/** As DICOM has names: "Curie, Marie" is family and given name. */
export function asPersonName(name: string): string {
  return name
    .trim()
    .replace(/^([^,^]+),\s*([^,^]+)$/, '$1^$2')
    .slice(0, 64)
}

/** Releases or signs what is kept, and stores it in the study. False: it was refused, and said why. */
export async function signReport(
  keeper: ReportKeeper,
  images: ReportImages,
  state: 'preliminary' | 'final',
): Promise<boolean> {
  const why = refusal(keeper, images)
  if (why !== undefined) {
    announce(why)
    return false
  }
  const { StudyInstanceUID } = images.study
  const { name, marksRead } = useReportSettings.getState()
  try {
    const { content, versions } = keeper.state.getState()
    // What was released is signed as it stands on the screen: the pane says where a mark has other figures since.
    const isReleased = versions.at(-1)?.state === 'preliminary'
    const now = content && (isReleased ? content : refreshed(content, images.figureOf))
    // Never kept yet: a template that needed no word. Or a mark was moved while the report was not on the screen.
    if (now !== undefined && (keeper.rev === 0 || now !== content)) keeper.edit(now)
    if (!(await keeper.kept())) throw new Error(keeper.state.getState().trouble ?? t('It is not kept yet.'))
    const { version, rev } = keeper
    const { report } = await call('report.sign', { StudyInstanceUID, version, rev, state, name: asPersonName(name) })
    keeper.replace(report)
  } catch (thrown) {
    announceFailure(state === 'final' ? 'The report is not signed.' : 'The report is not released.', thrown)
    return false
  }
  announce(state === 'final' ? 'Signed' : 'Released as preliminary')
  if (state === 'final' && marksRead) {
    void call('reading.set', { studies: [{ StudyInstanceUID, status: 'read' }] }).then(
      () => images.onRead(),
      thrown => announceFailure('It is signed, but the study could not be marked as read.', thrown),
    )
  }
  await storeAll(keeper, images)
  return true
}

/** Stores what is signed and not yet in the study. One window at a time: what another has stored meanwhile is not stored again. */
export function storeAll(keeper: ReportKeeper, images: ReportImages): Promise<void> {
  return navigator.locks.request(`isocenter-store-report ${images.study.StudyInstanceUID}`, async () => {
    await keeper.read()
    await storeLacking(keeper, images)
  })
}

async function storeLacking(keeper: ReportKeeper, { study, image }: ReportImages): Promise<void> {
  const { organisation } = useReportSettings.getState()
  const { versions } = keeper.state.getState()
  for (const report of versions) {
    if (isStored(report) || image === undefined) continue
    try {
      const place = organisation || study.InstitutionName || 'not given'
      keeper.replace(await storeReport(study, image, versions, report, place))
    } catch (thrown) {
      announceFailure('It is signed, but not stored in the study yet: the pane offers it again.', thrown)
      return
    }
  }
}
