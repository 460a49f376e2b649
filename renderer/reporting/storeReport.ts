import type { StudySummary } from '../../shared/contract.ts'
import { documentsOf, isStored, type ReportVersion, type StoredDocument } from '../../shared/reporting/report.ts'
import { BASIC_TEXT_SR, basicTextReport, ENHANCED_SR } from '../../shared/viewing/writing/basicText.ts'
import { encapsulatedPdf } from '../../shared/viewing/writing/encapsulatedPdf.ts'
import { momentOf, type WrittenObject } from '../../shared/viewing/writing/newObject.ts'
import { identityOfImage, PartlySaved, saveObjects } from '../authoring/index.ts'
import { call, type ObjectAddress } from '../client.ts'

/** A version as PDF. Rejects like `call`. */
export async function pdfOf(
  StudyInstanceUID: string,
  version: number,
): Promise<{ base64: string; bytes: Uint8Array<ArrayBuffer> }> {
  const { pdf: base64 } = await call('report.pdf', { StudyInstanceUID, version })
  return { base64, bytes: Uint8Array.from(atob(base64), character => character.charCodeAt(0)) }
}

const isText = ({ SOPClassUID }: StoredDocument) => SOPClassUID === BASIC_TEXT_SR || SOPClassUID === ENHANCED_SR

/** What the documents of a version follow: its own earlier text, else that of the version before. */
function predecessorsOf(versions: readonly ReportVersion[], report: ReportVersion): StoredDocument[] {
  const own = report.documents.findLast(isText)
  const before = versions.find(({ version }) => version === report.version - 1)?.documents.findLast(isText)
  return own !== undefined ? [own] : before !== undefined ? [before] : []
}

/**
 * Stores a released or signed version in its study, as text (SR) and as paper (PDF): resolved means both are on the disk and noted.
 * Rejects like `call`; asked again, only what is not there yet is stored.
 */
export async function storeReport(
  study: StudySummary,
  image: ObjectAddress,
  versions: readonly ReportVersion[],
  report: ReportVersion,
  organisation: string,
): Promise<ReportVersion> {
  const { state, signature, version, content } = report
  if (state === 'draft' || signature === null || isStored(report)) return report
  const { StudyInstanceUID } = study
  const [identity, pdf] = await Promise.all([identityOfImage(image), pdfOf(StudyInstanceUID, version)])
  const { date, time, offset } = momentOf(new Date(signature.at))
  const code = navigator.language || 'en'
  const name = new Intl.DisplayNames('en', { type: 'language' }).of(code) ?? code
  const text = basicTextReport(
    {
      StudyInstanceUID,
      content,
      state,
      signature: { name: signature.name, organisation, DateTime: `${date}${time}${offset}` },
      language: { code, name },
      predecessors: predecessorsOf(versions, report),
    },
    { InstanceNumber: version },
  )
  const paper = encapsulatedPdf(pdf.bytes, content.title, { InstanceNumber: version })
  const lacking = [text, paper].filter(one => !documentsOf(report).some(known => known.SOPClassUID === one.SOPClassUID))
  const note = async (written: readonly WrittenObject[]) => {
    const documents = written.map(({ SOPClassUID, SeriesInstanceUID, SOPInstanceUID }) => ({
      SOPClassUID,
      SeriesInstanceUID,
      SOPInstanceUID,
      state,
      signedAt: signature.at,
    }))
    return (await call('report.stored', { StudyInstanceUID, version, documents })).report
  }
  try {
    return await note(await saveObjects(identity, lacking))
  } catch (thrown) {
    if (thrown instanceof PartlySaved && thrown.saved.length > 0) await note(thrown.saved)
    throw thrown
  }
}
