import { FileArchive, Image, Printer } from 'lucide-react'
import { askExport } from '../../exporting/index.ts'
import { type Action, act } from '../action.ts'
import { activePane, useSession } from '../session.ts'

/** What leaves the viewer: pictures, paper, the study as files. */
export function outgoingActions(): Action[] {
  return [
    act('export-pictures', { icon: Image, run: () => useSession.setState({ popup: { kind: 'pictures' } }) }),
    act('print', { icon: Printer, run: () => useSession.setState({ popup: { kind: 'print' } }) }),
    act('export-studies', {
      icon: FileArchive,
      run: () => {
        const { study } = useSession.getState()
        if (study === undefined) return
        const manifest = activePane()?.stack?.manifest
        // A prior in the pane is another study.
        const own = manifest?.StudyInstanceUID === study.StudyInstanceUID ? manifest : undefined
        const words = [own?.SeriesNumber, own?.Modality, own?.SeriesDescription].filter(Boolean).join(' ')
        askExport({ study, ...(own && { series: { SeriesInstanceUID: own.SeriesInstanceUID, words } }) })
      },
    }),
  ]
}
