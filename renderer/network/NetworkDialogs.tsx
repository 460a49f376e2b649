import { FindDialog } from './FindDialog.tsx'
import { useRequests } from './requests.ts'
import { SendDialog } from './SendDialog.tsx'

interface Around {
  /** To the page where nodes are added. */
  onNodes: () => void
  /** A job runs: somebody may want to see it. */
  onStarted: () => void
}

/** What is asked of other nodes, over whatever room is open. */
export function NetworkDialogs({ onNodes, onStarted }: Around) {
  const { sending, finding } = useRequests()
  const close = () => useRequests.setState({ sending: undefined, finding: undefined })
  const toNodes = () => {
    close()
    onNodes()
  }
  if (sending !== undefined) {
    return <SendDialog study={sending} onNodes={toNodes} onStarted={onStarted} onClose={close} />
  }
  if (finding !== undefined) return <FindDialog words={finding} onNodes={toNodes} onClose={close} />
  return null
}
