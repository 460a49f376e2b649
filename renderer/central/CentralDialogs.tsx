import { CustodyDialog } from './CustodyDialog.tsx'
import { RefusedDialog } from './RefusedDialog.tsx'
import { useRequests } from './requests.ts'

/** What is asked of central sync, over whatever room is open. `onSettings`: to the page of destinations. */
export function CentralDialogs({ onSettings }: { onSettings: () => void }) {
  const { custody, refused } = useRequests()
  const toSettings = () => {
    useRequests.setState({ custody: undefined, refused: undefined })
    onSettings()
  }
  return (
    <>
      {refused !== undefined && (
        <RefusedDialog destination={refused} onClose={() => useRequests.setState({ refused: undefined })} />
      )}
      {custody !== undefined && (
        <CustodyDialog
          key={custody.StudyInstanceUID}
          study={custody}
          onSettings={toSettings}
          onClose={() => useRequests.setState({ custody: undefined })}
        />
      )}
    </>
  )
}
