import { UsersRound } from 'lucide-react'
import { useEffect, useState } from 'react'
import { call, onStationEvent } from '../client.ts'
import { useShownKey } from '../keys/index.ts'
import { IconButton } from '../ui/index.ts'
import { openSamePatient, useBin } from './binStore.ts'

/** While studies arrive nobody waits for this number, and each reading of it looks at the last hundred. */
const AT_MOST_EVERY_MS = 60_000

/** Opens *Possible same patient*, and says how many there are when there are some. */
export function SamePatientButton() {
  const [count, setCount] = useState(0)
  const isOpen = useBin(bin => bin.open?.kind === 'same')
  useEffect(() => {
    if (isOpen) return
    const aborter = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const read = () =>
      call('patients.proposals', {}, aborter.signal).then(
        ({ proposals }) => setCount(proposals.length),
        // The dialog says why; here the next change asks again.
        () => {},
      )
    const stop = onStationEvent('studies', () => {
      timer ??= setTimeout(() => {
        timer = undefined
        void read()
      }, AT_MOST_EVERY_MS)
    })
    void read()
    return () => {
      aborter.abort()
      clearTimeout(timer)
      stop()
    }
  }, [isOpen])
  return (
    <IconButton
      icon={UsersRound}
      name="Possible same patient"
      shortcut={useShownKey('list-same')}
      onClick={openSamePatient}
    >
      {count > 0 ? String(count) : undefined}
    </IconButton>
  )
}
