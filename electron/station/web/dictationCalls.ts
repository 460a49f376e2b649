import { spawn } from 'node:child_process'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { DictationCommand } from '../../../shared/config.ts'
import type { CallName, CallOut, CallParsed } from '../../../shared/contract.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import {
  type Dictated,
  type DictationSettings,
  dictationArguments,
  dictationFile,
  dictationSettings,
  dictationUrl,
  wrongUrl,
} from '../../../shared/reporting/dictation.ts'
import { createDisk, errorCode, replaceFile } from '../base/durable.ts'
import type { Log } from '../base/log.ts'
import type { Store } from '../store/index.ts'
import type { WebDeps } from './index.ts'

type DictationCall = Extract<CallName, `dictation.${string}`>
type DictationHandlers = { [N in DictationCall]: (input: CallParsed<N>) => Promise<CallOut<N>> }

const SETTING = 'dictation'
/** Who marked a study as read of which another system says that it is. */
const ELSEWHERE = 'dictated elsewhere'

/** The calls of dictation outside: whom it is told of a study, and when that says that it is done. */
export function dictationCalls(
  store: Pick<Store, 'read' | 'setSetting' | 'setReading'>,
  { config, log }: Pick<WebDeps, 'config' | 'log'>,
): DictationHandlers {
  const commands = config.dictationCommands
  const commandNamed = (name: string) => commands.find(one => one.name === name)
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
    'dictation.commands': async () => ({ commands: commands.map(({ name }) => name) }),
    'dictation.set': async ({ user, settings }) => {
      if (settings.kind === 'url') {
        const wrong = wrongUrl(settings.url)
        if (wrong !== undefined) throw new IsocenterError('bad-request', wrong)
      }
      if (settings.kind === 'file') await checkFolder(settings.folder)
      if (settings.kind === 'command' && !commandNamed(settings.command)) {
        throw new IsocenterError('bad-request', 'the configuration allows no such program')
      }
      await store.setSetting(user, SETTING, settings)
      return {}
    },
    'dictation.tell': async ({ StudyInstanceUID, user }) => {
      const { kind, url: template, folder, content: words, command: name } = await settings(user)
      if (kind === 'none') return { kind, url: '' }
      const { study } = await read.getStudy(StudyInstanceUID)
      const told: Dictated = study
      if (kind === 'url') {
        const url = dictationUrl(template, told)
        if (url === undefined) throw new IsocenterError('bad-request', 'the study makes no address of the template')
        return { kind, url }
      }
      if (kind === 'command') {
        const command = commandNamed(name)
        if (!command) throw new IsocenterError('bad-request', 'the configuration allows no such program')
        await startProgram(command, told, log)
        return { kind, url: '' }
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

/** Resolves when it runs; how it ends is its own matter. No shell takes part. Throws 'bad-request'. */
async function startProgram({ name, argv }: DictationCommand, study: Dictated, log: Log): Promise<void> {
  const [program = '', ...words] = argv
  if (!path.isAbsolute(program)) throw new IsocenterError('bad-request', 'the program needs a full path')
  // Windows hands these to cmd.exe, which would read the words once more.
  if (/\.(?:bat|cmd)$/i.test(program)) throw new IsocenterError('bad-request', 'a batch file is not started')
  const given = dictationArguments(words, study)
  if (given === undefined) throw new IsocenterError('bad-request', 'the study says nothing that could be handed over')
  try {
    // Some reasons not to start are thrown, others come as an event.
    const child = spawn(program, given, { shell: false, detached: true, stdio: 'ignore', windowsHide: false })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    child.once('spawn', resolve)
    child.once('error', reject)
    await promise
    // Its code alone: the error itself carries what the program was started with, a patient's name perhaps.
    child.on('error', error =>
      log.warn({ code: errorCode(error), program: name }, 'the dictation program reported an error'),
    )
    child.unref()
  } catch (error) {
    throw new IsocenterError('bad-request', `the program does not start: ${errorCode(error)}`)
  }
}

/** Throws 'bad-request'. */
async function checkFolder(folder: string): Promise<void> {
  if (!path.isAbsolute(folder)) throw new IsocenterError('bad-request', 'the folder needs a full path')
  const stats = await stat(folder).catch(() => undefined)
  if (!stats?.isDirectory()) throw new IsocenterError('bad-request', 'there is no such folder')
}
