import './hanging.css'

export { HangingPage } from './HangingPage.tsx'
export {
  followHangingRules,
  hangingRulesAreHere,
  keepLayoutAt,
  keepProtocol,
  setHangingRules,
  useHangingRules,
} from './hangingStore.ts'
export { SHIPPED } from './shipped.ts'
