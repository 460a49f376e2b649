import { useEffect, useState } from 'react'
import type { ApiKeySummary, Scope } from '../../shared/apiKeys.ts'
import { call } from '../client.ts'
import { inLanguage, msg, t } from '../i18n/index.ts'
import { announce, announceFailure, CopyButton, formatMoment } from '../ui/index.ts'

const SCOPES: Record<Scope, { name: string; says: string }> = {
  read: { name: msg('Search and fetch'), says: msg('find studies and fetch images') },
  store: { name: msg('Store'), says: msg('send images') },
  delete: { name: msg('Delete'), says: msg('delete studies') },
  dictation: { name: msg('Dictation'), says: msg('say that a study was dictated elsewhere') },
  admin: { name: msg('Everything'), says: msg('all of it, settings and keys among it') },
}
const SCOPE_NAMES: Scope[] = ['read', 'store', 'delete', 'dictation', 'admin']

/** The keys other programs open DICOMweb with: what each may do, when it was last used, and a new one. */
export function AccessPage() {
  const [keys, setKeys] = useState<ApiKeySummary[]>()
  const [made, setMade] = useState<{ name: string; secret: string }>()
  const read = async () => setKeys((await call('apiKeys.list', {})).keys)
  useEffect(() => {
    let closed = false
    call('apiKeys.list', {}).then(
      found => !closed && setKeys(found.keys),
      thrown => announceFailure('The keys could not be read.', thrown),
    )
    return () => {
      closed = true
    }
  }, [])
  const revoke = async ({ id, name }: ApiKeySummary) => {
    try {
      await call('apiKeys.revoke', { id })
      announce(t('{{name}} is locked out', { name }))
      await read()
    } catch (thrown) {
      announceFailure('The key could not be revoked.', thrown)
    }
  }
  return (
    <section className="settings-page" aria-label={t('Access')}>
      <p className="keys-note">
        {t('Other programs find, fetch and send images by DICOMweb at')}{' '}
        <span className="id selectable">{t('{{origin}}/dicom-web/', { origin: location.origin })}</span>{' '}
        <CopyButton value={`${location.origin}/dicom-web/`} name={t('the address')} />
        <span className="quiet"> {t('Each opens it with a key of its own, which can be revoked alone.')}</span>
      </p>
      <NewKey
        onMade={async one => {
          setMade(one)
          await read()
        }}
      />
      {made !== undefined && (
        <output className="access-secret">
          <span>
            {t('A new key, shown this once:')} <strong>{made.name}</strong>
          </span>
          <span className="access-line">
            <span className="id selectable access-key">{made.secret}</span>
            <CopyButton value={made.secret} name={t('the key')} />
            <button type="button" onClick={() => setMade(undefined)}>
              {t('Done')}
            </button>
          </span>
        </output>
      )}
      <div className="keys-list">
        {keys?.length === 0 && <p className="quiet">{t('No other program has a key yet.')}</p>}
        {keys !== undefined && keys.length > 0 && (
          <table className="access-table">
            <thead>
              <tr>
                <th>{t('Program')}</th>
                <th>{t('May')}</th>
                <th>{t('Made')}</th>
                <th>{t('Last used')}</th>
                <th aria-label={t('Revoke')} />
              </tr>
            </thead>
            <tbody>
              {keys.map(key => (
                <Row key={key.id} of={key} onRevoke={() => revoke(key)} />
              ))}
            </tbody>
          </table>
        )}
      </div>
    </section>
  )
}

function Row({ of, onRevoke }: { of: ApiKeySummary; onRevoke: () => Promise<void> }) {
  const { name, scopes, createdAt, lastUsedAt } = of
  const [asked, setAsked] = useState(false)
  return (
    <tr>
      <td>{name}</td>
      <td>{scopes.map(one => t(SCOPES[one].name)).join(', ')}</td>
      <td className="quiet">{formatMoment(createdAt)}</td>
      <td className="quiet">{lastUsedAt === null ? t('never') : formatMoment(lastUsedAt)}</td>
      <td>
        {asked ? (
          <>
            <button type="button" className="failure" onClick={() => void onRevoke()}>
              {t('Lock out')}
            </button>{' '}
            <button type="button" onClick={() => setAsked(false)}>
              {t('Keep')}
            </button>
          </>
        ) : (
          <button
            type="button"
            onClick={() => setAsked(true)}
            title={t('The program gets in no more; this cannot be undone')}
          >
            {t('Revoke…')}
          </button>
        )}
      </td>
    </tr>
  )
}

function NewKey({ onMade }: { onMade: (made: { name: string; secret: string }) => Promise<void> }) {
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<Scope[]>(['read'])
  const make = async () => {
    try {
      const { key, secret } = await call('apiKeys.make', { name: name.trim(), scopes })
      setName('')
      await onMade({ name: key.name, secret })
    } catch (thrown) {
      announceFailure('The key could not be made.', thrown)
    }
  }
  const toggle = (scope: Scope) =>
    setScopes(now => (now.includes(scope) ? now.filter(one => one !== scope) : [...now, scope]))
  return (
    <form
      className="keys-bar"
      onSubmit={event => {
        event.preventDefault()
        void make()
      }}
    >
      <input
        type="text"
        aria-label={t('Which program the key is for')}
        placeholder={t('Program, such as Slicer in room 3')}
        maxLength={64}
        value={name}
        onChange={event => setName(event.target.value)}
      />
      <fieldset className="chips" aria-label={t('What it may do')}>
        {SCOPE_NAMES.map(scope => (
          <button
            type="button"
            className="chip"
            key={scope}
            title={t('It may {{what}}', { what: inLanguage(SCOPES[scope].says) })}
            aria-pressed={scopes.includes(scope)}
            onClick={() => toggle(scope)}
          >
            {t(SCOPES[scope].name)}
          </button>
        ))}
      </fieldset>
      <button type="submit" disabled={name.trim() === '' || scopes.length === 0}>
        {t('Make a key')}
      </button>
    </form>
  )
}
