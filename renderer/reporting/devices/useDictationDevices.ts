import { useEffect } from 'react'
import { dictateOnce } from '../dictation/dictation.ts'
import { followDevices } from './devices.ts'

/** Microphones and pedals beside an open study; `step` pages the images. */
export function useDictationDevices(step: (by: 1 | -1) => void): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: `step` reads what is active when it is called.
  useEffect(
    () =>
      followDevices(action => {
        if (action === 'dictate') dictateOnce()
        else if (action === 'next-image') step(1)
        else if (action === 'previous-image') step(-1)
        else walkField(action === 'previous-field')
      }),
    [],
  )
}

/** As Tab does in the report, from where its caret is. */
function walkField(backwards: boolean): void {
  const { activeElement } = document
  const within = activeElement instanceof HTMLTextAreaElement && activeElement.closest('[data-report]') !== null
  const area = within ? activeElement : document.querySelector<HTMLTextAreaElement>('[data-report] textarea')
  // A report that is locked is inert: it takes no focus.
  area?.focus()
  if (area === null || document.activeElement !== area) return
  area.dispatchEvent(new KeyboardEvent('keydown', { key: 'Tab', shiftKey: backwards, bubbles: true, cancelable: true }))
}
