/** Oddities that are kept, flagged and shown, never refused: what an instance's `flags` may hold, and what a person reads. */
export const instanceFlags = {
  'no-patient-id': 'The images carry no Patient ID, so they belong to no other study.',
  'junk-patient-id': 'The Patient ID is a placeholder, so it says nothing about who this is.',
  'no-patient-name': 'The images carry no patient name.',
  'no-study-date': 'The images carry no study date.',
  'odd-uid': 'A UID breaks the rules of DICOM; it is used as it came.',
  'bad-charset': 'Text does not fit its declared character set and was read by guess.',
  'odd-value': 'A number or date has a form DICOM does not know.',
  'odd-encoding': 'The bytes are laid out otherwise than the transfer syntax says.',
  'truncated': 'The file ends before the image does.',
  'damaged': 'Part of the header is damaged and could not be read.',
  'deep-nesting':
    'Sequences are nested deeper than other systems survive. The object is kept as it came and is not sent on by itself.',
  'program-preamble':
    'The file began with a program for a computer. That part was left out; the image itself is unchanged.',
  'mixed-patient': 'Images of this study carry different Patient IDs.',
} as const satisfies Record<string, string>

export type InstanceFlag = keyof typeof instanceFlags
