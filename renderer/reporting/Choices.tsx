import { useEffect, useRef } from 'react'
import { t } from '../i18n/index.ts'

/** What can be taken at the caret: by digit, by arrows and Enter, by a click. The keys come from the text it belongs to. */
export function Choices(props: { words: readonly string[]; at: number; onTake: (index: number) => void }) {
  const { words, at, onTake } = props
  const list = useRef<HTMLDivElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another one is chosen.
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [at])
  return (
    <div className="report-choices" role="listbox" aria-label={t('Choices')} ref={list}>
      {words.map((word, index) => (
        <button
          type="button"
          role="option"
          tabIndex={-1}
          aria-selected={index === at}
          // biome-ignore lint/suspicious/noArrayIndexKey: a choice is its place, two may say the same.
          key={index}
          // The caret stays in the text.
          onMouseDown={event => event.preventDefault()}
          onClick={() => onTake(index)}
        >
          <kbd>{index < 9 ? index + 1 : ''}</kbd> {word}
        </button>
      ))}
    </div>
  )
}
