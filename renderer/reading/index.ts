export { AskBeforeSetting } from './AskBeforeSetting.tsx'
export { followAskBefore, useAskBefore } from './askBefore.ts'
export { UnseenQuestion } from './UnseenQuestion.tsx'
