import type { StudySummary } from '../../shared/contract.ts'
import type { Figure } from '../../shared/reporting/edit.ts'
import type { FigureLink } from '../../shared/reporting/report.ts'
import type { ObjectAddress } from '../client.ts'

/** A mark of the study that can be inserted. */
export interface MarkOffer {
  /** 'Length · 12.3 mm'. */
  words: string
  /** Behind the figures: 'at detector'. */
  note: string
  figures: Array<Omit<FigureLink, 'from' | 'to'>>
}

/** What a report needs of the images beside it. */
export interface ReportImages {
  study: StudySummary
  /** A pane shows an image of the study. */
  inFront: boolean
  /** Any image of it: its patient and study are the report's. */
  image: ObjectAddress | undefined
  /** What can be inserted now, the last drawn first. */
  offers(): MarkOffer[]
  /** What a linked figure is now; undefined: not known just now. */
  figureOf(link: FigureLink): Figure | undefined
  /** Hears of each change of the marks. Returns the unsubscribe. */
  onMarks(listener: () => void): () => void
  show(link: FigureLink): void
  /** Signing has marked the study as read. */
  onRead(): void
  /** Reports that are stored here, of this study and of others of the patient. */
  priors: Array<{ id: string; words: string; open: () => void }>
}
