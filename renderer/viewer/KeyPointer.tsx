import { useEffect } from 'react'
import { hideKeyPointer, isKeyPointerIn, useKeyPointer } from './keyPointer.ts'
import type { Pane } from './pane.ts'

/** Where the pointer that keys move stands in a pane. */
export function KeyPointer({ pane }: { pane: Pane }) {
  const pointer = useKeyPointer(state => (state.pointer?.pane === pane ? state.pointer : undefined))
  useEffect(
    () => () => {
      if (isKeyPointerIn(pane)) hideKeyPointer()
    },
    [pane],
  )
  if (pointer === undefined) return null
  const [x, y] = pointer.at
  return (
    <svg className="key-pointer" data-held={pointer.held ? '' : undefined} aria-hidden="true">
      <path d={`M ${x - 14} ${y} h 10 m 8 0 h 10 M ${x} ${y - 14} v 10 m 0 8 v 10`} />
    </svg>
  )
}
