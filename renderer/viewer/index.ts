import './viewer.css'

export { actionNames, viewerActions } from './actions.ts'
export { restCard } from './graphics.ts'
export { closeStudy, openStudy, readAhead } from './openStudy.ts'
export { installProbe } from './probe.ts'
export { preloadStudy } from './readAhead.ts'
export { saveAtReading } from './saving/index.ts'
export { goToNextUnseen, type UnseenReport, unseenOfStudy } from './seen/unseen.ts'
export { markOpen, markPainted } from './timings.ts'
export {
  cardIsAway,
  decodePhantom,
  forgetPhantom,
  graphicsHere,
  measuredOf,
  type PhantomImage,
  paneUnderTest,
  screenUnderTest,
} from './underTest.ts'
export { Viewer, type ViewerProps } from './Viewer.tsx'
