import { BinDialog } from './BinDialog.tsx'
import { useBin } from './binStore.ts'
import { DeleteDialog } from './DeleteDialog.tsx'
import { MoveDialog } from './MoveDialog.tsx'

/** Whichever of the room's dialogs is open. */
export function BinRoom() {
  const open = useBin(bin => bin.open)
  if (open === undefined) return null
  if (open.kind === 'bin') return <BinDialog />
  return open.kind === 'delete' ? <DeleteDialog subject={open.subject} /> : <MoveDialog subject={open.subject} />
}
