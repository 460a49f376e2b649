import { useState } from 'react'
import { t } from '../i18n/index.ts'
import { exportKeys, importKeys, type KeyChoice, useKeys } from '../keys/index.ts'
import { AsText } from '../ui/index.ts'

/** The keys as text, to carry to another workstation and back. */
export function KeysAsText({ onTake }: { onTake: (choice: KeyChoice) => void }) {
  const kept = useKeys(({ choice }) => exportKeys(choice))
  const [{ written, said }, setText] = useState<{ written: string | undefined; said: string }>({
    written: undefined,
    said: '',
  })
  const take = (text: string) => {
    const read = importKeys(text)
    if (read === undefined)
      return setText({ written, said: t('This is no text of Isocenter’s keys. Nothing was changed.') })
    const leftOut = read.leftOut.join('; ')
    setText({ written: undefined, said: leftOut === '' ? t('Taken.') : t('Taken, but for: {{leftOut}}', { leftOut }) })
    onTake(read.choice)
  }
  return (
    <AsText
      summary={t('Export and import')}
      label={t('Keys as text')}
      kept={kept}
      fileName="isocenter-keys.json"
      written={written}
      said={said}
      onWrite={(text, words) => setText({ written: text, said: words })}
      onTake={take}
    />
  )
}
