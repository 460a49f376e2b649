export { errorWords } from './errors.ts'
export { folded } from './folded.ts'
export { heard, whyOf } from './heard.ts'
export {
  inAllLanguages,
  inLanguage,
  type LanguageChoice,
  msg,
  speak,
  t,
  useLanguage,
} from './translate.ts'
