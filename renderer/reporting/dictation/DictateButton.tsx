import { Mic } from 'lucide-react'
import { IconButton } from '../../ui/index.ts'
import { tellDictation, useDictation } from './dictation.ts'

/** Hands the study to the dictation system, where one is set. */
export function DictateButton({ StudyInstanceUID }: { StudyInstanceUID: string }) {
  const { kind } = useDictation()
  if (kind === 'none') return null
  return <IconButton icon={Mic} name="Dictate elsewhere" onClick={() => void tellDictation(StudyInstanceUID, true)} />
}
