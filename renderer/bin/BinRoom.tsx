import { BinDialog } from './BinDialog.tsx'
import { useBin } from './binStore.ts'
import { DeleteDialog } from './DeleteDialog.tsx'
import { MoveDialog } from './MoveDialog.tsx'
import { SamePatientDialog } from './SamePatientDialog.tsx'

/** Whichever of the room's dialogs is open. */
export function BinRoom() {
  const open = useBin(bin => bin.open)
  if (open === undefined) return null
  if (open.kind === 'bin') return <BinDialog />
  if (open.kind === 'same') return <SamePatientDialog />
  return open.kind === 'delete' ? <DeleteDialog subject={open.subject} /> : <MoveDialog subject={open.subject} />
}
