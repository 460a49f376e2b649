import { useEffect, useState } from 'react'
import { DICTATED, type DictationSettings as Settings } from '../../../shared/reporting/dictation.ts'
import { call } from '../../client.ts'
import { t } from '../../i18n/index.ts'
import { announce, announceFailure } from '../../ui/index.ts'
import { chooseDictation, readDictation, useDictation } from './dictation.ts'

const EXAMPLE = 'https://ris.example/open?acc={AccessionNumber}'
const NAMES = DICTATED.map(name => `{${name}}`).join(' ')

/** Whether a dictation system is told of the study that is open, and how. */
export function DictationSettings() {
  const kept = useDictation()
  const [changed, setChanged] = useState<Settings>()
  const [commands, setCommands] = useState<string[]>([])
  const { kind, url, folder, content, command, whenOpened } = changed ?? kept
  const change = (part: Partial<Settings>) => setChanged(now => ({ ...(now ?? kept), ...part }))
  useEffect(() => {
    call('dictation.commands', {}).then(
      found => setCommands(found.commands),
      () => {},
    )
    readDictation().catch((thrown: unknown) => announceFailure('The settings of dictation could not be read.', thrown))
  }, [])
  const keep = async () => {
    if (changed === undefined) return
    try {
      await chooseDictation(changed)
      setChanged(undefined)
      announce('The settings of dictation are kept')
    } catch (thrown) {
      announceFailure('The settings of dictation were not kept.', thrown)
    }
  }
  return (
    <form
      className="report-dictation"
      aria-label={t('Dictation in another program')}
      onSubmit={event => {
        event.preventDefault()
        void keep()
      }}
    >
      <label>
        {t('Dictation in another program')}{' '}
        <select
          value={kind}
          onChange={({ target: { value } }) =>
            change(
              value === 'command'
                ? { kind: 'command', command: command || (commands[0] ?? '') }
                : { kind: value === 'url' ? 'url' : value === 'file' ? 'file' : 'none' },
            )
          }
        >
          <option value="none">{t('is told nothing')}</option>
          <option value="url">{t('is opened by an address')}</option>
          <option value="file">{t('reads a file')}</option>
          {(commands.length > 0 || kind === 'command') && (
            <option value="command">{t('is started as a program')}</option>
          )}
        </select>
      </label>
      {kind === 'url' && (
        <label>
          {t('Address')}{' '}
          <input
            type="text"
            className="id"
            size={60}
            maxLength={2000}
            spellCheck={false}
            value={url}
            placeholder={EXAMPLE}
            onChange={event => change({ url: event.target.value })}
          />
        </label>
      )}
      {kind === 'command' && (
        <label>
          {t('Program, of those that the configuration allows')}{' '}
          <select value={command} onChange={event => change({ command: event.target.value })}>
            {[...new Set([...commands, command])].map(name => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
      {kind === 'file' && (
        <>
          <label>
            {t("Folder on the station's machine, with its full path")}{' '}
            <input
              type="text"
              className="id"
              size={40}
              maxLength={1000}
              spellCheck={false}
              value={folder}
              onChange={event => change({ folder: event.target.value })}
            />
          </label>
          <label htmlFor="dictation-content">{t('What stands in the file: text, XML or JSON, as it begins')}</label>
          <textarea
            id="dictation-content"
            rows={4}
            maxLength={8000}
            spellCheck={false}
            value={content}
            onChange={event => change({ content: event.target.value })}
          />
        </>
      )}
      {kind !== 'none' && (
        <>
          <p className="quiet" hidden={kind === 'command'}>
            {t('{{names}} stand for what the study says.', { names: NAMES })}
          </p>
          <label>
            <input
              type="checkbox"
              checked={whenOpened}
              onChange={event => change({ whenOpened: event.target.checked })}
            />{' '}
            {kind === 'url'
              ? t('As soon as a study is opened (in the desktop application)')
              : t('As soon as a study is opened')}
          </label>
        </>
      )}
      {changed !== undefined && <button type="submit">{t('Keep these settings')}</button>}
    </form>
  )
}
