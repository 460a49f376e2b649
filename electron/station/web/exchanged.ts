import { type ExchangedStudy, exchangedStudy } from '../../../shared/sync.ts'
import type { StoreReader } from '../store/index.ts'
import type { Sync } from '../sync/index.ts'

const UNKNOWN = { PatientName: '', lang: '', PatientID: '', StudyDate: '', StudyDescription: '' }

/** What was exchanged after an outage, with whose it is. */
export async function exchangedStudies(
  { destination, until }: { destination: string; until: number },
  sync: Pick<Sync, 'exchanged'>,
  read: Pick<StoreReader, 'getStudy'>,
): Promise<{ studies: ExchangedStudy[] }> {
  const studies = sync.exchanged(destination, until).map(async exchange => {
    const found = await read.getStudy(exchange.StudyInstanceUID).catch(() => undefined)
    return exchangedStudy.parse({ ...UNKNOWN, ...found?.study, ...exchange })
  })
  return { studies: await Promise.all(studies) }
}
