import type { CallName, CallOut, CallParsed } from '../../../shared/contract.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { WebDeps } from './index.ts'

type ReportCall = Extract<CallName, `report.${string}`>
type ReportHandlers = { [N in ReportCall]: (input: CallParsed<N>) => Promise<CallOut<N>> }

/** The calls of reports. `isInFront`: some window shows the study now. */
export function reportCalls(
  { store, makeReportPdf, results }: Pick<WebDeps, 'store' | 'makeReportPdf' | 'results'>,
  isInFront: (StudyInstanceUID: string) => boolean,
): ReportHandlers {
  const inFront = (StudyInstanceUID: string) => {
    if (!isInFront(StudyInstanceUID)) throw new IsocenterError('report-not-in-front')
  }
  return {
    'report.get': async ({ StudyInstanceUID }) => ({ versions: await store.read.getReports(StudyInstanceUID) }),
    'report.put': async ({ StudyInstanceUID, user, version, rev, content }) => {
      try {
        const kept = await store.decideReport(StudyInstanceUID, { kind: 'put', version, rev, content }, user)
        return { rev: kept.rev }
      } catch (thrown) {
        if (thrown instanceof IsocenterError && thrown.code === 'draft-conflict') return { rev: null }
        throw thrown
      }
    },
    'report.sign': async ({ StudyInstanceUID, user, version, rev, state, name }) => {
      inFront(StudyInstanceUID)
      const wish = { kind: 'sign', version, rev, state, name } as const
      const report = await store.decideReport(StudyInstanceUID, wish, user)
      results.wake()
      return { report }
    },
    'report.addend': async ({ StudyInstanceUID, user }) => {
      inFront(StudyInstanceUID)
      return { report: await store.decideReport(StudyInstanceUID, { kind: 'addend' }, user) }
    },
    'report.stored': async ({ StudyInstanceUID, user, version, documents }) => ({
      report: await store.decideReport(StudyInstanceUID, { kind: 'stored', version, documents }, user),
    }),
    'report.pdf': async ({ StudyInstanceUID, version }) => {
      const [{ study }, versions] = await Promise.all([
        store.read.getStudy(StudyInstanceUID),
        store.read.getReports(StudyInstanceUID),
      ])
      const report = versions.find(one => one.version === version)
      if (!report) throw new IsocenterError('not-found', 'report')
      return { pdf: Buffer.from(await makeReportPdf(study, report)).toString('base64') }
    },
  }
}
