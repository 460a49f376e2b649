import type { ReactNode } from 'react'
import type { FigureLink, ReportSection, ReportVersion } from '../../shared/reporting/report.ts'
import { t } from '../i18n/index.ts'
import { formatMoment } from '../ui/index.ts'

function SectionText({ section, onShow }: { section: ReportSection; onShow: (link: FigureLink) => void }) {
  const { text, links } = section
  const parts: ReactNode[] = []
  let at = 0
  for (const link of links) {
    parts.push(text.slice(at, link.from))
    parts.push(
      <button
        type="button"
        className="report-figure"
        key={link.from}
        title={t('Show its image')}
        onClick={() => onShow(link)}
      >
        {text.slice(link.from, link.to)}
      </button>,
    )
    at = link.to
  }
  return (
    <p className="selectable" dir="auto">
      {parts}
      {text.slice(at)}
    </p>
  )
}

/** What is signed: read, not written. */
export function SignedVersion(props: { report: ReportVersion; onShow: (link: FigureLink) => void }) {
  const { report, onShow } = props
  const { content, signature } = report
  return (
    <article className="report-signed" aria-label={content.title}>
      <h3>{content.title}</h3>
      {content.sections
        .filter(({ text }) => text.trim() !== '')
        .map(section => (
          <section key={section.id}>
            <h4>{section.title}</h4>
            <SectionText section={section} onShow={onShow} />
          </section>
        ))}
      {signature !== null && (
        <p className="quiet" title={t('SHA-256 of the text: {{sha256}}', { sha256: signature.sha256 })}>
          {t('Signed by {{name}}, {{moment}}', {
            name: signature.name.replaceAll('^', ' '),
            moment: formatMoment(signature.at),
          })}
        </p>
      )}
    </article>
  )
}
