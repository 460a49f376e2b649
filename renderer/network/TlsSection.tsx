import { Lock, Pencil } from 'lucide-react'
import { useState } from 'react'
import type { CertificateSummary, TlsStatus } from '../../shared/network.ts'
import { heard, t } from '../i18n/index.ts'
import { CopyButton, IconButton } from '../ui/index.ts'
import { TlsForm } from './TlsForm.tsx'

const DAY_MS = 86_400_000
/** As the station warns. */
const SOON_MS = 30 * DAY_MS
/** A bundle may hold every authority of a country. */
const SHOWN = 5

/** The station's own TLS: where it listens, what it shows of itself, whom it believes, and until when. */
export function TlsSection({ tls }: { tls: TlsStatus }) {
  const [open, setOpen] = useState(false)
  const { settings, port, certificate, trusted, error } = tls
  return (
    <section aria-label="TLS">
      <div className="network-head">
        <h2>TLS</h2>
        {settings === null && <span className="quiet">{t('Not set up: all that comes and goes is unencrypted.')}</span>}
        {settings !== null && error === '' && (
          <span className="quiet">
            {port === null
              ? t('Nodes are called over TLS; nobody is listened to.')
              : t('Listens on port {{port}}.', { port })}
          </span>
        )}
        <span className="spring" />
        {settings === null ? (
          <button
            type="button"
            disabled={open}
            onClick={() => setOpen(true)}
            title={t('A certificate, its key, and whom to believe')}
          >
            <Lock aria-hidden /> {t('Set up TLS')}
          </button>
        ) : (
          <IconButton icon={Pencil} name="Edit TLS" onClick={() => setOpen(true)} />
        )}
      </div>
      {error !== '' && <div className="failure selectable">{heard(error)}</div>}
      {certificate !== null && <CertificateLine what={t('Shows')} certificate={certificate} />}
      {trusted.slice(0, SHOWN).map(one => (
        <CertificateLine key={one.fingerprint} what={t('Believes')} certificate={one} />
      ))}
      {trusted.length > SHOWN && (
        <div className="quiet">{t('… and {{more}} more authorities.', { more: trusted.length - SHOWN })}</div>
      )}
      {open && <TlsForm settings={settings} onClose={() => setOpen(false)} />}
    </section>
  )
}

function CertificateLine({ what, certificate }: { what: string; certificate: CertificateSummary }) {
  const { subject, issuer, until, fingerprint } = certificate
  const left = until - Date.now()
  const ends = new Date(until).toLocaleDateString(undefined, { dateStyle: 'medium' })
  return (
    <div className="network-line">
      <span className="quiet">{what}</span>
      <strong className="truncate selectable">{subject}</strong>
      {issuer !== subject && <span className="quiet truncate">{t('signed by {{issuer}}', { issuer })}</span>}
      <span className="spring" />
      <span
        className={left < SOON_MS ? 'attention network-when' : 'quiet network-when'}
        title={new Date(until).toString()}
      >
        {left < 0 ? t('ended') : t('until')} {ends}
      </span>
      <span className="quiet id network-when" title={`SHA-256 ${fingerprint}`}>
        {fingerprint.slice(0, 8)}…
      </span>
      <CopyButton value={fingerprint} name={t('SHA-256 of the certificate')} />
    </div>
  )
}
