import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { CallName, CallOut, CallParsed } from '../../../shared/contract.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import {
  type Dictated,
  type DictationSettings,
  dictationFile,
  dictationSettings,
  dictationUrl,
  wrongUrl,
} from '../../../shared/reporting/dictation.ts'
import { createDisk, errorCode, replaceFile } from '../base/durable.ts'
import type { Store } from '../store/index.ts'

type DictationCall = Extract<CallName, `dictation.${string}`>
type DictationHandlers = { [N in DictationCall]: (input: CallParsed<N>) => Promise<CallOut<N>> }

const SETTING = 'dictation'
/** Who marked a study as read of which another system says that it is. */
const ELSEWHERE = 'dictated elsewhere'

/** The calls of dictation outside: whom it is told of a study, and when that says that it is done. */
export function dictationCalls(store: Pick<Store, 'read' | 'setSetting' | 'setReading'>): DictationHandlers {
  const { read } = store
  const disk = createDisk()
  let writing: Promise<void> = Promise.resolve()
  /** One after the other: two windows that tell of one study write one file. */
  const write = (file: string, content: string): Promise<void> => {
    const done = writing.then(() => replaceFile(disk, file, content))
    writing = done.catch(() => {})
    return done
  }
  const settings = async (user: string): Promise<DictationSettings> =>
    dictationSettings.catch(dictationSettings.parse({})).parse((await read.getSettings(user))[SETTING] ?? {})

  return {
    'dictation.get': ({ user }) => settings(user),
    'dictation.set': async ({ user, settings }) => {
      if (settings.kind === 'url') {
        const wrong = wrongUrl(settings.url)
        if (wrong !== undefined) throw new IsocenterError('bad-request', wrong)
      }
      if (settings.kind === 'file') await checkFolder(settings.folder)
      await store.setSetting(user, SETTING, settings)
      return {}
    },
    'dictation.tell': async ({ StudyInstanceUID, user }) => {
      const { kind, url: template, folder, content: words } = await settings(user)
      if (kind === 'none') return { kind, url: '' }
      const { study } = await read.getStudy(StudyInstanceUID)
      const told: Dictated = study
      if (kind === 'url') {
        const url = dictationUrl(template, told)
        if (url === undefined) throw new IsocenterError('bad-request', 'the study makes no address of the template')
        return { kind, url }
      }
      await checkFolder(folder)
      const { content, extension } = dictationFile(words, told)
      try {
        // An odd UID, kept as it came, is no name of a file.
        const name = /^[0-9.]{1,64}$/.test(study.StudyInstanceUID) ? study.StudyInstanceUID : `study-${study.id}`
        await write(path.join(folder, `${name}.${extension}`), content)
      } catch (error) {
        throw new IsocenterError('bad-request', `the folder cannot be written: ${errorCode(error)}`, { cause: error })
      }
      return { kind, url: '' }
    },
    'dictation.final': async ({ AccessionNumber, PatientID, StudyInstanceUID: named }) => {
      const [StudyInstanceUID, another] = await read.studiesOfOrder(AccessionNumber, PatientID, named)
      if (StudyInstanceUID === undefined) throw new IsocenterError('not-found', 'no study of this order')
      if (another !== undefined) throw new IsocenterError('order-ambiguous')
      await store.setReading([{ StudyInstanceUID, status: 'read' }], ELSEWHERE)
      return { StudyInstanceUID }
    },
  }
}

/** Throws 'bad-request'. */
async function checkFolder(folder: string): Promise<void> {
  if (!path.isAbsolute(folder)) throw new IsocenterError('bad-request', 'the folder needs a full path')
  const stats = await stat(folder).catch(() => undefined)
  if (!stats?.isDirectory()) throw new IsocenterError('bad-request', 'there is no such folder')
}
