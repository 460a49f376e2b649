import { useEffect, useState } from 'react'
import { readHtmlTemplate } from '../../shared/reporting/htmlTemplate.ts'
import { macroLines, parseMacros } from '../../shared/reporting/macros.ts'
import { type ReportTemplate, reportTemplate } from '../../shared/reporting/template.ts'
import { t } from '../i18n/index.ts'
import { announce, announceFailure, OpenFile } from '../ui/index.ts'
import { DeviceSettings } from './devices/DeviceSettings.tsx'
import { DictationSettings } from './dictation/DictationSettings.tsx'
import { chooseReportSettings, followReportSettings, useReportSettings } from './reportSettings.ts'
import { ResultSettings } from './results/ResultSettings.tsx'

/** A file of ours (JSON) or RSNA RadReport's (HTML). Throws in words. */
function readTemplate(text: string, name: string): ReportTemplate {
  const id = name.replace(/\.[^.]*$/, '').slice(0, 90) || 'template'
  if (!/^\s*\{/.test(text)) return readHtmlTemplate(text, `own-${id}`)
  const read = reportTemplate.safeParse(JSON.parse(text))
  if (!read.success) throw new Error(t('It is no report template of Isocenter’s.'))
  return read.data
}

function Macros() {
  const { macros } = useReportSettings()
  const [written, setWritten] = useState<string>()
  const [said, setSaid] = useState('')
  const keep = () => {
    if (written === undefined) return
    const parsed = parseMacros(written)
    if ('wrong' in parsed)
      return setSaid(t('Line {{line}} is no macro: “.name = words”. Nothing was changed.', { line: parsed.wrong }))
    setSaid(t('Kept.'))
    setWritten(undefined)
    void chooseReportSettings({ macros: parsed.macros })
  }
  return (
    <>
      <label htmlFor="report-macros">{t('Macros, one a line; Tab or Space behind the name opens it')}</label>
      <textarea
        id="report-macros"
        rows={8}
        spellCheck={false}
        value={written ?? macroLines(macros)}
        onChange={event => setWritten(event.target.value)}
        onBlur={keep}
      />
      <p className="quiet" role="status">
        {said ||
          t(
            'In the words: [size] is a field that Tab walks to, [left|right] a choice, \\n a new line. “.m” inserts a measurement.',
          )}
      </p>
    </>
  )
}

/** A page of the settings. */
export function ReportSettingsPage() {
  const { name, organisation, marksRead, templates } = useReportSettings()
  useEffect(followReportSettings, [])
  const take = async (chosen: File) => {
    try {
      // A larger one is refused for what it is.
      const template = readTemplate(await chosen.slice(0, 1_100_000).text(), chosen.name)
      const others = templates.filter(({ id }) => id !== template.id)
      await chooseReportSettings({ templates: [...others, template].slice(-200) })
      announce(t('Template “{{title}}” is here', { title: template.title }))
    } catch (thrown) {
      announceFailure('The template was not taken.', thrown instanceof Error ? thrown : '')
    }
  }
  return (
    <section className="settings-page report-settings" aria-label={t('Reporting')}>
      <label>
        {t('Signed by')}{' '}
        <input
          value={name}
          maxLength={64}
          placeholder={t('Family, Given')}
          onChange={event => void chooseReportSettings({ name: event.target.value })}
        />
      </label>
      <label>
        {t('Organisation')}{' '}
        <input
          value={organisation}
          maxLength={64}
          placeholder={t('As the images say')}
          onChange={event => void chooseReportSettings({ organisation: event.target.value })}
        />
      </label>
      <label>
        <input
          type="checkbox"
          checked={marksRead}
          onChange={event => void chooseReportSettings({ marksRead: event.target.checked })}
        />{' '}
        {t('Signing marks the study as read')}
      </label>
      <Macros />
      <ResultSettings />
      <DictationSettings />
      <DeviceSettings />
      <div>
        <OpenFile
          words={t('Import a template…')}
          label={t('File of a template')}
          accept=".html,.htm,.json"
          onFile={chosen => void take(chosen)}
        />{' '}
        <span className="quiet">{t('RSNA RadReport (HTML) or Isocenter’s own (JSON)')}</span>
      </div>
      {templates.map(({ id, title }) => (
        <div key={id}>
          {title}{' '}
          <button
            type="button"
            onClick={() => void chooseReportSettings({ templates: templates.filter(one => one.id !== id) })}
          >
            {t('Remove')}
          </button>
        </div>
      ))}
    </section>
  )
}
