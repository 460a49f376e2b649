import { type FormEvent, useState } from 'react'
import type { TlsConfig } from '../../shared/config.ts'
import type { PemSource } from '../../shared/network.ts'
import { msg, t, whyOf } from '../i18n/index.ts'
import { saveTls } from './networkStore.ts'

const PROFILES: Array<{ profile: TlsConfig['profile']; name: string }> = [
  { profile: 'rfc9325', name: msg('Suites of today (RFC 9325)') },
  { profile: 'rfc7525', name: msg('Those of before 2022, too (RFC 7525)') },
]

/** PEM text is what begins as one; all else is a path. */
const sourceOf = (text: string): PemSource =>
  text.trim().startsWith('-----BEGIN ') ? { pem: text.trim() } : { file: text.trim() }

/** The station's TLS as it is written; its refusal stands under it. What was pasted as a key is nowhere but here until it is saved. */
export function TlsForm({ settings, onClose }: { settings: TlsConfig | null; onClose: () => void }) {
  const [listen, setListen] = useState(settings?.listen ?? true)
  const [port, setPort] = useState(String(settings?.port ?? 2762))
  const [profile, setProfile] = useState(settings?.profile ?? 'rfc9325')
  const [certificate, setCertificate] = useState(settings?.certificateFile ?? '')
  const [key, setKey] = useState(settings?.keyFile ?? '')
  const [trusted, setTrusted] = useState(settings?.trustedFile ?? '')
  const [removing, setRemoving] = useState(false)
  const [refusal, setRefusal] = useState('')
  const isWhole = [certificate, key, trusted, port].every(text => text.trim() !== '')
  const save = async (wish: Parameters<typeof saveTls>[0], words: string) => {
    try {
      await saveTls(wish, words)
      onClose()
    } catch (thrown) {
      setRefusal(whyOf(thrown))
    }
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const files = { certificate: sourceOf(certificate), key: sourceOf(key), trusted: sourceOf(trusted) }
    void save({ listen, port: Number(port), profile, ...files }, msg('TLS is set'))
  }
  const pem = (label: string, value: string, set: (value: string) => void, more = {}) => (
    <label>
      <span className="quiet">{label}</span>
      <textarea
        value={value}
        rows={2}
        spellCheck={false}
        autoComplete="off"
        placeholder={t('Path of a PEM file on this machine, or its text')}
        onChange={event => set(event.target.value)}
        {...more}
      />
    </label>
  )
  return (
    <form
      className="network-form"
      aria-label={t('TLS of this station')}
      onSubmit={submit}
      onKeyDown={event => {
        if (event.key !== 'Escape') return
        // The form alone, not the page it stands on.
        event.preventDefault()
        event.stopPropagation()
        onClose()
      }}
    >
      <div className="network-pems">
        {pem(t('Certificate, with its chain'), certificate, setCertificate, { autoFocus: true })}
        {pem(t('Its key (it is not shown again)'), key, setKey)}
        {pem(t('Authorities whose signature is believed'), trusted, setTrusted)}
      </div>
      <div className="network-line network-rights">
        <label title={t('Others may come over TLS; without it they are only called so')}>
          <input type="checkbox" checked={listen} onChange={event => setListen(event.target.checked)} />
          {t('Listen on port')}
        </label>
        <input
          className="network-port"
          aria-label={t('TLS port')}
          inputMode="numeric"
          maxLength={5}
          disabled={!listen}
          value={port}
          onChange={event => setPort(event.target.value)}
        />
        <select
          aria-label={t('Cipher suites')}
          value={profile}
          onChange={event => setProfile(PROFILES.find(one => one.profile === event.target.value)?.profile ?? 'rfc9325')}
        >
          {PROFILES.map(one => (
            <option key={one.profile} value={one.profile}>
              {t(one.name)}
            </option>
          ))}
        </select>
        <span className="spring" />
        {settings !== null && (
          <button
            type="button"
            className={removing ? 'failure' : undefined}
            onClick={() => (removing ? void save(null, msg('TLS is removed')) : setRemoving(true))}
            title={t('No TLS any more, neither way; what was pasted is deleted')}
          >
            {removing ? t('Remove it, pasted key and all') : t('Remove')}
          </button>
        )}
        <button type="button" onClick={onClose} title={t('Leave it as it was (Esc)')}>
          {t('Cancel')}
        </button>
        <button type="submit" disabled={!isWhole} title={t('Keep it; it holds for connections from now on')}>
          {t('Save')}
        </button>
      </div>
      {refusal !== '' && (
        <div className="failure selectable" role="alert">
          {refusal}
        </div>
      )}
    </form>
  )
}
