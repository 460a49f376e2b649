import { EyeOff, Layers2 } from 'lucide-react'
import { type Action, act } from '../action.ts'
import { useObjects } from './objectsStore.ts'

/** What can be done with what is drawn on the images. */
export function objectActions(): Action[] {
  const { listed, hidden, asked } = useObjects.getState()
  return [
    act('structures', {
      icon: Layers2,
      run: () => useObjects.setState({ listed: !listed, asked: asked + 1 }),
      pressed: listed,
    }),
    act('structures-hide', { icon: EyeOff, run: () => useObjects.setState({ hidden: !hidden }), pressed: hidden }),
  ]
}
