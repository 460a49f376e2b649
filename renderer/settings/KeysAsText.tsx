import { useRef, useState } from 'react'
import { t } from '../i18n/index.ts'
import { exportKeys, importKeys, type KeyChoice, useKeys } from '../keys/index.ts'
import { CopyButton, saveText } from '../ui/index.ts'

/** The keys as text (JSON), to carry to another workstation and back. */
export function KeysAsText({ onTake }: { onTake: (choice: KeyChoice) => void }) {
  const text = useKeys(({ choice }) => exportKeys(choice))
  const [written, setWritten] = useState<string>()
  const [said, setSaid] = useState('')
  const file = useRef<HTMLInputElement>(null)
  const shown = written ?? text
  const takeText = () => {
    const read = importKeys(shown)
    if (read === undefined) return setSaid('This is no text of Isocenter’s keys. Nothing was changed.')
    setSaid(read.leftOut.length === 0 ? 'Taken.' : `Taken, but for: ${read.leftOut.join('; ')}`)
    setWritten(undefined)
    onTake(read.choice)
  }
  const openFile = async (chosen: File | undefined) => {
    if (chosen === undefined) return
    // A larger one is no list of keys; its first part is refused for what it is.
    setWritten(await chosen.slice(0, 200_000).text())
    setSaid('Read. “Take these keys” makes them yours.')
  }
  return (
    <details className="keys-text">
      <summary>{t('Export and import')}</summary>
      <textarea
        aria-label={t('Keys as text')}
        spellCheck={false}
        rows={8}
        value={shown}
        onChange={event => {
          setWritten(event.target.value)
          setSaid('')
        }}
      />
      <div className="keys-bar">
        <CopyButton value={shown} name="keys as text" />
        <button type="button" onClick={() => saveText(text, 'isocenter-keys.json')}>
          {t('Save as file')}
        </button>
        <button type="button" onClick={() => file.current?.click()}>
          {t('Open file…')}
        </button>
        <input
          ref={file}
          type="file"
          hidden
          accept=".json,application/json"
          aria-label={t('File of keys')}
          onChange={event => {
            void openFile(event.target.files?.[0])
            event.target.value = ''
          }}
        />
        <button type="button" disabled={written === undefined} onClick={takeText}>
          {t('Take these keys')}
        </button>
        <span className="quiet" role="status">
          {said}
        </span>
      </div>
    </details>
  )
}
