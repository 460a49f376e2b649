import { History, Save } from 'lucide-react'
import { announce } from '../../ui/index.ts'
import { type Action, act } from '../action.ts'
import { useSession } from '../session.ts'
import { save } from './save.ts'
import { takeNewer } from './take.ts'

/** The study in the active pane. */
function onStudy(does: (StudyInstanceUID: string) => void): () => void {
  return () => {
    const { assigned, active, study } = useSession.getState()
    const uid = assigned[active]?.StudyInstanceUID ?? study?.StudyInstanceUID
    if (uid === undefined) announce('No study is open')
    else does(uid)
  }
}

export function savingActions(): Action[] {
  return [
    act('save', { icon: Save, run: onStudy(uid => void save(uid)) }),
    act('save-take', { icon: History, run: onStudy(takeNewer) }),
  ]
}
