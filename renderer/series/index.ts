export { patientStudies } from './patientStudies.ts'
export { describeSeries, SeriesThumbnail } from './SeriesThumbnail.tsx'
export { onStudiesChanged, type StudyContents, studyContents, studyThumbnails } from './studyCache.ts'
