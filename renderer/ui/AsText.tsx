import { t } from '../i18n/index.ts'
import { CopyButton } from './CopyButton.tsx'
import { OpenFile } from './OpenFile.tsx'
import { saveText } from './save.ts'

/** A text that is larger is none of ours: its first part is refused for what it is. */
const MOST_CHARACTERS = 2_000_000

/**
 * What a user set, as text (JSON): to edit, and to carry to another workstation. `written` stands in the place of what is kept until it
 * is taken or discarded; `said` is the answer to it.
 */
export function AsText(props: {
  summary: string
  label: string
  kept: string
  fileName: string
  written: string | undefined
  said: string
  onWrite: (written: string | undefined, said: string) => void
  onTake: (text: string) => void
  isOpen?: boolean | undefined
}) {
  const { summary, label, kept, fileName, written, said, onWrite, onTake, isOpen } = props
  const shown = written ?? kept
  const read = async (file: File) => {
    onWrite(await file.slice(0, MOST_CHARACTERS).text(), t('Read. “Take” makes them yours.'))
  }
  return (
    <details className="keys-text" open={isOpen}>
      <summary>{summary}</summary>
      <textarea
        aria-label={label}
        spellCheck={false}
        rows={10}
        value={shown}
        onChange={event => onWrite(event.target.value, '')}
      />
      <div className="keys-bar">
        <CopyButton value={shown} name={label} />
        <button type="button" onClick={() => saveText(kept, fileName)}>
          {t('Save as file')}
        </button>
        <OpenFile
          words={t('Open file…')}
          label={t('File: {{label}}', { label })}
          accept=".json,application/json"
          onFile={file => void read(file)}
        />
        <button type="button" disabled={written === undefined} onClick={() => onTake(shown)}>
          {t('Take')}
        </button>
        <button type="button" disabled={written === undefined} onClick={() => onWrite(undefined, '')}>
          {t('Discard')}
        </button>
      </div>
      <span className="quiet" role="status">
        {said}
      </span>
    </details>
  )
}
