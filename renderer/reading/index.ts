export { AskBeforeSetting } from './AskBeforeSetting.tsx'
export { followAskBefore, useAskBefore } from './askBefore.ts'
export { followSaveOnRead, useSaveOnRead } from './saveOnRead.ts'
export { UnseenQuestion } from './UnseenQuestion.tsx'
