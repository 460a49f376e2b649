import './selftest.css'

export { SelfTest } from './SelfTest.tsx'
export { SelfTestBanner } from './SelfTestBanner.tsx'
export { followSelfTest } from './schedule.ts'
export { mayMeasure, measuringAllowed, useSelfTest } from './selfTestStore.ts'
