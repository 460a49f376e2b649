import { useEffect, useState } from 'react'
import type { CallIn, CallOut } from '../../shared/contract.ts'
import { call } from '../client.ts'
import { msg, t } from '../i18n/index.ts'
import { announce, announceFailure, countImages, formatBytes } from '../ui/index.ts'

type Plan = CallOut<'cache.plan'>

const WHY: Record<Plan['kept'][number]['reason'], string> = {
  open: msg('open in a window'),
  pinned: msg('kept here by somebody'),
  unproved: msg('not proved to be at an archive that gives images back'),
  waiting: msg('still to be sent, or refused by an archive'),
  drafts: msg('somebody’s unfinished work is on them'),
  altered: msg('moved, or partly in the bin'),
  landing: msg('just received'),
  unread: msg('not read yet'),
  today: msg('on today’s list'),
  young: msg('received or used lately'),
  notNeeded: msg('could leave, and need not'),
}

/** What leaves this station for the archives: the targets, what they would have leave now, and why the rest stays. */
export function LeavingSection() {
  const [plan, setPlan] = useState<Plan>()
  useEffect(() => {
    let closed = false
    call('cache.plan', {}).then(
      found => !closed && setPlan(found),
      // Unreachable is the status line's to say.
      () => {},
    )
    return () => {
      closed = true
    }
  }, [])
  if (plan === undefined) return null
  const { studies, frees, short, kept, away, policy } = plan
  const leave = async () => {
    try {
      const gone = await call('cache.evict', {})
      announce(
        t('{{studies}} left this station, {{bytes}}', {
          studies: countStudies(gone.studies),
          bytes: formatBytes(gone.bytes),
        }),
      )
      setPlan(await call('cache.plan', {}))
    } catch (thrown) {
      announceFailure('Nothing could leave.', thrown)
    }
  }
  return (
    <section className="leaving" aria-label={t('Leaving for the archives')}>
      <p>
        {t('Studies that an archive was shown to hold may leave this station.')}{' '}
        <span className="quiet">
          {t(
            'They stay on the list and are fetched when they are opened. The least recently used leave first, once an hour.',
          )}
        </span>
      </p>
      <Targets key={JSON.stringify(policy)} policy={policy} onKept={setPlan} />
      <table className="leaving-table" aria-label={t('What would leave')}>
        <tbody>
          <tr>
            <th scope="row">{t('Would leave now')}</th>
            <td>{countStudies(studies)}</td>
            <td>{formatBytes(frees)}</td>
            <td className="attention">
              {short > 0 && t('{{formatBytes}} short of the targets', { formatBytes: formatBytes(short) })}
            </td>
          </tr>
          {kept.map(({ reason, studies: staying, bytes }) => (
            <tr key={reason}>
              <th scope="row">{t('Stay')}</th>
              <td>{countStudies(staying)}</td>
              <td>{formatBytes(bytes)}</td>
              <td className="quiet">{t(WHY[reason])}</td>
            </tr>
          ))}
          {away.images > 0 && (
            <tr>
              <th scope="row">{t('Have left')}</th>
              <td>{countImages(away.images)}</td>
              <td>{formatBytes(away.bytes)}</td>
              <td className="quiet">{t('on the archives alone')}</td>
            </tr>
          )}
        </tbody>
      </table>
      <div>
        <button type="button" disabled={studies === 0} onClick={() => void leave()}>
          {studies === 0
            ? t('Nothing to leave')
            : t('Let {{countStudies}} leave now', { countStudies: countStudies(studies) })}
        </button>
      </div>
    </section>
  )
}

function Targets({ policy, onKept }: { policy: Plan['policy']; onKept: (plan: Plan) => void }) {
  const [most, setMost] = useState(policy.mostGigabytes?.toString() ?? '')
  const [free, setFree] = useState(policy.leastFreeGigabytes?.toString() ?? '')
  const [days, setDays] = useState(policy.keepDays.toString())
  const keep = async () => {
    const wanted: CallIn<'cache.set'> = {
      keepDays: Number(days),
      ...(most !== '' && { mostGigabytes: Number(most) }),
      ...(free !== '' && { leastFreeGigabytes: Number(free) }),
    }
    try {
      await call('cache.set', wanted)
      onKept(await call('cache.plan', {}))
    } catch (thrown) {
      announceFailure('The targets were not kept.', thrown)
    }
  }
  const field = (label: string, unit: string, value: string, set: (value: string) => void, more = {}) => (
    <label>
      {label}
      <input
        type="number"
        min={0}
        step="any"
        value={value}
        onChange={event => set(event.target.value)}
        aria-label={t('{{label}}, in {{unit}}', { label, unit })}
        {...more}
      />
      {unit}
    </label>
  )
  return (
    <form
      className="leaving-targets"
      aria-label={t('Targets')}
      onSubmit={event => {
        event.preventDefault()
        void keep()
      }}
    >
      {field(t('At most'), t('GB here'), most, setMost, { placeholder: t('any') })}
      {field(t('At least'), t('GB free'), free, setFree, { placeholder: t('any') })}
      {field(t('Keep for'), t('days'), days, setDays, { step: 1, required: true })}
      <button type="submit">{t('Keep')}</button>
    </form>
  )
}

function countStudies(studies: number): string {
  return t('{{count}} studies', { count: studies })
}
