export interface Concept {
  value: string
  scheme: 'LN' | 'DCM'
  meaning: string
}

/** A heading of a report, and what a text under it is (PS3.16 CID 7001, CID 7002). */
interface Heading {
  words: RegExp
  heading: Concept
  element: Concept
}

const LN = (value: string, meaning: string): Concept => ({ value, scheme: 'LN', meaning })
const DCM = (value: string, meaning: string): Concept => ({ value, scheme: 'DCM', meaning })

const PROCEDURE = DCM('121065', 'Procedure Description')
const HEADINGS: readonly Heading[] = [
  {
    words: /indication|reason|question/i,
    heading: LN('18785-6', 'Indications for Procedure'),
    element: DCM('121110', 'Patient Presentation'),
  },
  {
    words: /history|clinical/i,
    heading: LN('11329-0', 'History'),
    element: DCM('121110', 'Patient Presentation'),
  },
  {
    words: /comparison|prior/i,
    heading: LN('55114-3', 'Prior Procedure Descriptions'),
    element: PROCEDURE,
  },
  {
    words: /technique|procedure|protocol/i,
    heading: LN('55111-9', 'Current Procedure Descriptions'),
    element: PROCEDURE,
  },
  { words: /impression/i, heading: LN('19005-8', 'Impressions'), element: DCM('121073', 'Impression') },
  { words: /recommend/i, heading: LN('18783-1', 'Recommendations'), element: DCM('121075', 'Recommendation') },
  { words: /conclusion/i, heading: LN('55110-1', 'Conclusions'), element: DCM('121077', 'Conclusion') },
  { words: /addendum/i, heading: LN('55107-7', 'Addendum'), element: DCM('121071', 'Finding') },
  { words: /summary/i, heading: LN('55112-7', 'Summary'), element: DCM('121111', 'Summary') },
]
const FINDINGS = { heading: LN('59776-5', 'Findings'), element: DCM('121071', 'Finding') }

/** What a section is, by its title; what is not known is a finding. */
export function headingOf(title: string): Pick<Heading, 'heading' | 'element'> {
  return HEADINGS.find(({ words }) => words.test(title)) ?? FINDINGS
}

/** A section's id out of its title. */
export function sectionId(title: string): string {
  return (
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
      .replaceAll(/^-|-$/g, '')
      .slice(0, 64) || 'section'
  )
}
