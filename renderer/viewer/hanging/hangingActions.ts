import { AppWindow, ListOrdered, Save, StepBack, StepForward } from 'lucide-react'
import { openAnotherWindow } from '../../otherWindows.ts'
import { announce } from '../../ui/index.ts'
import { type Action, act } from '../action.ts'
import { stepStage } from './follow.ts'
import { useHanging } from './hangingState.ts'

function another(): void {
  if (!openAnotherWindow()) announce('The browser did not let another window open: allow pop-ups for this address')
}

export function hangingActions(): Action[] {
  return [
    act('stage-next', { icon: StepForward, run: () => stepStage(1) }),
    act('stage-previous', { icon: StepBack, run: () => stepStage(-1) }),
    act('protocols', { icon: ListOrdered, run: () => useHanging.setState({ open: 'choose' }) }),
    act('protocol-save', { icon: Save, run: () => useHanging.setState({ open: 'save' }) }),
    act('another-window', { icon: AppWindow, run: another }),
  ]
}
