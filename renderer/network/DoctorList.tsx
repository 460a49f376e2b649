import { useState } from 'react'
import type { FindingSummary } from '../../shared/network.ts'
import { formatMoment } from '../ui/index.ts'
import { dismiss, replay } from './networkStore.ts'

/** The associations that failed in the last seven days: why, what to change, and whether it would work now. */
export function DoctorList({ findings }: { findings: FindingSummary[] }) {
  return (
    <section aria-label="Association doctor">
      <h2>What went wrong</h2>
      {findings.length === 0 && <p className="quiet">No association has failed in the last seven days.</p>}
      {findings.map(finding => (
        <FindingView key={finding.id} finding={finding} />
      ))}
    </section>
  )
}

function FindingView({ finding }: { finding: FindingSummary }) {
  const { id, outgoing, AET, address, sentence, remedy, count, first, last, replayable, replayed } = finding
  const [trying, setTrying] = useState(false)
  const tryAgain = async () => {
    setTrying(true)
    await replay(id)
    setTrying(false)
  }
  return (
    <section className="network-row" aria-label={`${outgoing ? 'To' : 'From'} ${AET || address}`}>
      <div className="network-line">
        <span className="attention selectable">{sentence}</span>
        <span className="spring" />
        <span className="quiet network-when" title={`first ${formatMoment(first)}`}>
          {count > 1 && `${count.toLocaleString()} times, `}
          {formatMoment(last)}
        </span>
        {replayable && (
          <button
            type="button"
            disabled={trying}
            onClick={() => void tryAgain()}
            title={
              outgoing ? 'Call the node again' : 'What the same request would be answered with the settings of now'
            }
          >
            {outgoing ? 'Try again' : 'And now?'}
          </button>
        )}
        <button
          type="button"
          onClick={() => void dismiss(id)}
          title="Take it off the list; it comes back if it happens again"
        >
          Dismiss
        </button>
      </div>
      <div className="network-line">
        <span className="selectable">{remedy}</span>
        <span className="spring" />
        <span className="quiet id">
          {outgoing ? 'to' : 'from'} {AET} {address}
        </span>
      </div>
      {trying && <div className="quiet">Trying…</div>}
      {!trying && replayed !== null && (
        <div className={replayed.works ? 'quiet selectable' : 'attention selectable'} role="status">
          {formatMoment(replayed.at)}: {replayed.sentence}
        </div>
      )}
    </section>
  )
}
