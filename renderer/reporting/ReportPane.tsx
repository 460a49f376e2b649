import { Download, FilePlus2, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useStore } from 'zustand'
import { refreshed, withWords } from '../../shared/reporting/edit.ts'
import { fieldsOf, unfilled } from '../../shared/reporting/fields.ts'
import { isStored, MAX_TEXT, type ReportContent, reportText } from '../../shared/reporting/report.ts'
import { byFit, contentOf, underTemplate } from '../../shared/reporting/template.ts'
import { call } from '../client.ts'
import { msg, t } from '../i18n/index.ts'
import { useShownKey } from '../keys/index.ts'
import { announceFailure, IconButton } from '../ui/index.ts'
import { DictateButton } from './dictation/DictateButton.tsx'
import { type ExportForm, exportReport } from './exportReport.ts'
import type { ReportImages } from './reportImages.ts'
import type { ReportKeeper } from './reportKeeper.ts'
import { allTemplates, chooseReportSettings, followReportSettings, useReportSettings } from './reportSettings.ts'
import { reportOf, showReport, useReportPane } from './reports.ts'
import { SectionField } from './SectionField.tsx'
import { SignedVersion } from './SignedVersion.tsx'
import { signReport, storeAll } from './signReport.ts'

const STATES = { draft: msg('draft'), preliminary: msg('preliminary'), final: msg('signed') } as const
const WIDTHS = { least: 300, most: 720 }
let width = 380

/** The pane's edge, pulled: what is pulled stays while the window is open. */
function Edge({ onWidth }: { onWidth: (width: number) => void }) {
  return (
    <div
      className="report-edge"
      title={t('Pull: the width of the report')}
      onPointerDown={event => {
        const start = { x: event.clientX, width }
        const edge = event.currentTarget
        edge.setPointerCapture(event.pointerId)
        edge.onpointermove = ({ clientX }) => {
          width = Math.min(WIDTHS.most, Math.max(WIDTHS.least, start.width + start.x - clientX))
          onWidth(width)
        }
        edge.onpointerup = () => {
          edge.onpointermove = null
        }
      }}
    />
  )
}

function Exports({ keeper, images }: { keeper: ReportKeeper; images: ReportImages }) {
  const { versions } = useStore(keeper.state)
  const last = versions.at(-1)
  if (last === undefined) return null
  const saveAs = async (form: ExportForm) => {
    // What was typed last is in it.
    await keeper.kept()
    const newest = keeper.state.getState().versions.at(-1)
    if (newest !== undefined) await exportReport(images.study, newest, form)
  }
  const as = (form: ExportForm, words: string) => (
    <button type="button" onClick={() => void saveAs(form)}>
      {words}
    </button>
  )
  return (
    <div className="report-exports">
      <Download aria-hidden size={16} /> <span className="quiet">{t('Save as')}</span> {as('text', t('Text'))}{' '}
      {as('pdf', 'PDF')} {last.signature !== null && as('hl7', 'HL7')}
      {last.signature !== null && as('send', t('Send (HL7)'))}
    </div>
  )
}

/** The sections of what is written now. */
function Editor(props: { keeper: ReportKeeper; images: ReportImages; content: ReportContent }) {
  const { keeper, images, content } = props
  const { macros } = useReportSettings()
  const body = useRef<HTMLDivElement>(null)
  const leave = (from: number, backwards: boolean): boolean => {
    const step = backwards ? -1 : 1
    for (let index = from + step; index >= 0 && index < content.sections.length; index += step) {
      const section = content.sections[index]
      const fields = section === undefined ? [] : fieldsOf(section.text)
      const field = backwards ? fields.at(-1) : fields[0]
      if (section === undefined || (field === undefined && section.text.trim() !== '')) continue
      const area = body.current?.querySelector<HTMLTextAreaElement>(`[data-section="${CSS.escape(section.id)}"]`)
      if (area == null) return false
      area.focus()
      // Its own Tab selects the field, with its choices.
      if (field === undefined) area.setSelectionRange(area.value.length, area.value.length)
      else {
        const caret = backwards ? area.value.length : 0
        area.setSelectionRange(caret, caret)
        area.dispatchEvent(
          new KeyboardEvent('keydown', { key: 'Tab', shiftKey: backwards, bubbles: true, cancelable: true }),
        )
      }
      return true
    }
    return false
  }
  return (
    <div ref={body}>
      {content.sections.map((section, index) => (
        <section key={`${content.template}-${section.id}`}>
          <h4>{section.title}</h4>
          <SectionField
            section={section}
            macros={macros}
            offers={images.offers}
            onShow={images.show}
            onLeave={backwards => leave(index, backwards)}
            onChange={changed => {
              const now = keeper.state.getState().content ?? content
              keeper.edit({
                ...now,
                sections: now.sections.map(one => (one.id === changed.id ? changed : one)),
              })
            }}
          />
        </section>
      ))}
    </div>
  )
}

function Conflict({ keeper }: { keeper: ReportKeeper }) {
  const { conflict } = useStore(keeper.state)
  if (conflict === undefined) return null
  return (
    <div className="report-notice attention" role="alert">
      {t('This report was changed in another window meanwhile. Nothing of it is overwritten until you choose.')}
      <div>
        <button type="button" onClick={() => keeper.choose(false)}>
          {t('Take the other text')}
        </button>{' '}
        <button type="button" onClick={() => keeper.choose(true)}>
          {t('Keep mine')}
        </button>
      </div>
    </div>
  )
}

/** False: it was refused, and said why. */
async function addend(keeper: ReportKeeper, StudyInstanceUID: string): Promise<boolean> {
  try {
    keeper.replace((await call('report.addend', { StudyInstanceUID })).report)
    return true
  } catch (thrown) {
    announceFailure('No addendum was begun.', thrown)
    return false
  }
}

/** What was typed while somebody else signed: nothing of it goes before the reader has said so. */
function Stranded(props: { keeper: ReportKeeper; StudyInstanceUID: string; locked: boolean }) {
  const { keeper, StudyInstanceUID, locked } = props
  const { stranded, content } = useStore(keeper.state)
  if (stranded === undefined) return null
  const intoAddendum = async () => {
    if (content === undefined && !(await addend(keeper, StudyInstanceUID))) return
    const begun = keeper.state.getState().content
    if (begun === undefined) return
    keeper.edit(withWords(begun, stranded))
    keeper.letGo()
  }
  return (
    <div className="report-notice attention" role="alert">
      {t('It was signed in another window while you were writing. This is what you wrote:')}
      <textarea readOnly rows={5} value={reportText(stranded)} aria-label={t('What you wrote')} />
      <div>
        <button type="button" disabled={locked} onClick={() => void intoAddendum()}>
          {t('Write it into an addendum')}
        </button>{' '}
        <button type="button" onClick={() => keeper.letGo()}>
          {t('Discard it')}
        </button>
      </div>
    </div>
  )
}

/** The report of the study that is open, beside its images. */
export function ReportPane({ images }: { images: ReportImages }) {
  const { study } = images
  const keeper = reportOf(study.StudyInstanceUID)
  const { loaded, versions, content, saved, trouble, conflict } = useStore(keeper.state)
  const { templates: own, name } = useReportSettings()
  const [shownWidth, setShownWidth] = useState(width)
  const [busy, setBusy] = useState(false)
  /** Released, and a mark has other figures now. */
  const [behind, setBehind] = useState(false)
  const keys = { pane: useShownKey('report'), sign: useShownKey('report-sign'), images: useShownKey('report-caret') }
  const { StudyDescription: description, ModalitiesInStudy: modalities, BodyPartExamined: bodyParts } = study
  const templates = byFit(allTemplates(own), { modalities, bodyParts, description })
  const last = versions.at(-1)

  useEffect(followReportSettings, [])
  useEffect(() => showReport(keeper), [keeper])
  // biome-ignore lint/correctness/useExhaustiveDependencies: what fits best when it is known that there is none.
  useEffect(() => {
    const [best] = templates
    if (loaded && versions.length === 0 && content === undefined && best !== undefined) keeper.begin(contentOf(best))
  }, [loaded, keeper, versions.length])
  // biome-ignore lint/correctness/useExhaustiveDependencies: a report that becomes a draft follows its marks again.
  useEffect(() => {
    const follow = () => {
      const now = keeper.state.getState().content
      if (now === undefined) return
      const next = refreshed(now, images.figureOf)
      // What was released stands as it was released: it becomes a draft by a hand, never by being looked at.
      const isReleased = keeper.state.getState().versions.at(-1)?.state === 'preliminary'
      setBehind(isReleased && next !== now)
      if (!isReleased && next !== now) keeper.edit(next)
    }
    follow()
    return images.onMarks(follow)
  }, [keeper, images, last?.state])

  const locked = !images.inFront
  const tooLong = content?.sections.find(({ text }) => text.length > MAX_TEXT)
  const sign = (state: 'preliminary' | 'final') => {
    setBusy(true)
    void signReport(keeper, images, state).finally(() => setBusy(false))
  }
  const change = (id: string) => {
    const template = templates.find(one => one.id === id)
    if (template === undefined || content === undefined) return
    keeper.edit(
      underTemplate(
        content,
        template,
        templates.find(one => one.id === content.template),
      ),
    )
  }
  const signed = versions.filter(({ state }) => state === 'final')
  const open = content === undefined ? 0 : unfilled(content)
  return (
    <aside className="report-pane" aria-label={t('Report')} data-report="" style={{ width: shownWidth }}>
      <Edge onWidth={setShownWidth} />
      <header>
        <strong>{t('Report')}</strong>
        {last !== undefined && (
          <span className="report-state" data-state={last.state}>
            {t(STATES[last.state])}
            {last.version > 1 ? t(' · addendum {{number}}', { number: last.version - 1 }) : ''}
          </span>
        )}
        <span className="quiet" role="status">
          {trouble !== undefined ? '' : saved ? (last === undefined ? '' : t('kept')) : t('keeping…')}
        </span>
        <span className="spring" />
        <DictateButton StudyInstanceUID={study.StudyInstanceUID} />
        <IconButton
          icon={X}
          name="Close the report"
          {...(keys.pane !== undefined && { shortcut: keys.pane })}
          onClick={() => useReportPane.setState({ open: false })}
        />
      </header>
      {trouble !== undefined && (
        <p className="report-notice attention" role="status">
          {tooLong === undefined
            ? t('Not kept yet: {{trouble}}', { trouble })
            : t('Not kept: “{{title}}” is longer than {{most}} characters. Move a part of it into another section.', {
                title: tooLong.title,
                most: MAX_TEXT,
              })}
        </p>
      )}
      <Conflict keeper={keeper} />
      <Stranded keeper={keeper} StudyInstanceUID={study.StudyInstanceUID} locked={locked} />
      {behind && content !== undefined && (
        <div className="report-notice attention" role="status">
          {t('A mark has changed since this was released. The text stands as it was released.')}
          <div>
            <button
              type="button"
              disabled={locked || busy || conflict !== undefined}
              onClick={() => {
                setBehind(false)
                keeper.edit(refreshed(content, images.figureOf))
              }}
            >
              {t('Take the new figures')}
            </button>
          </div>
        </div>
      )}
      {locked && (
        <p className="report-notice attention" role="status">
          {t('No image of this study is in front. Its report cannot be written: hang one of its series first.')}
        </p>
      )}
      <div className="report-body">
        {signed.map(report => (
          <SignedVersion key={report.version} report={report} onShow={images.show} />
        ))}
        {content !== undefined && (
          <div inert={locked || conflict !== undefined || busy}>
            {signed.length === 0 && (
              <label className="report-template">
                <span className="quiet">{t('Template')}</span>
                <select value={content.template} onChange={event => change(event.target.value)}>
                  {!templates.some(({ id }) => id === content.template) && (
                    <option value={content.template}>{content.title}</option>
                  )}
                  {templates.map(({ id, title }) => (
                    <option key={id} value={id}>
                      {title}
                    </option>
                  ))}
                </select>
              </label>
            )}
            <Editor keeper={keeper} images={images} content={content} />
          </div>
        )}
        {images.priors.length > 0 && (
          <section className="report-priors">
            <h4>{t('Reports stored here')}</h4>
            {images.priors.map(({ id, words, open }) => (
              <button type="button" key={id} onClick={open}>
                {words}
              </button>
            ))}
          </section>
        )}
      </div>
      <footer>
        {content !== undefined && (
          <label>
            <span className="quiet">{t('Signed by')}</span>
            <input
              value={name}
              placeholder={t('Family, Given')}
              maxLength={64}
              aria-label={t('Signed by')}
              onChange={event => void chooseReportSettings({ name: event.target.value })}
            />
          </label>
        )}
        {content !== undefined ? (
          <div className="report-actions">
            {open > 0 && <span className="quiet">{t('{{number}} to fill in', { number: open })}</span>}
            <span className="spring" />
            <button type="button" disabled={busy || locked} onClick={() => sign('preliminary')}>
              {t('Preliminary')}
            </button>
            <button
              type="button"
              className="primary"
              disabled={busy || locked}
              title={t('Sign ({{key}})', { key: keys.sign ?? '' })}
              onClick={() => sign('final')}
            >
              {t('Sign')}
            </button>
          </div>
        ) : (
          last?.state === 'final' && (
            <div className="report-actions">
              <span className="quiet">{t('Locked: signed.')}</span>
              <span className="spring" />
              <button type="button" disabled={locked} onClick={() => void addend(keeper, study.StudyInstanceUID)}>
                <FilePlus2 aria-hidden size={16} /> {t('Addendum')}
              </button>
            </div>
          )
        )}
        {!busy && versions.some(report => !isStored(report)) && (
          <div className="report-actions attention">
            {t('Not stored in the study yet.')}
            <span className="spring" />
            <button type="button" onClick={() => void storeAll(keeper, images)}>
              {t('Store')}
            </button>
          </div>
        )}
        <Exports keeper={keeper} images={images} />
        {keys.images !== undefined && (
          <p className="quiet">{t('{{key}}: caret to the report, and back to the images', { key: keys.images })}</p>
        )}
      </footer>
    </aside>
  )
}
