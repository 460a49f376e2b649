/** One row of the error table: how one failure looks at each of the four borders where errors are caught. */
interface ErrorRow {
  /** What a person reads: what happened, and what it means for the images. */
  sentence: string
  /** May the same request succeed later without anybody changing anything? */
  retryable: boolean
  /** PS3.7 Annex C / PS3.4 Annex B status for a DIMSE response. */
  dimseStatus: number
  httpStatus: number
}

/** Every failure the station knows, once. Codes are stable: clients and logs refer to them. */
export const ERRORS = {
  'internal': {
    sentence: 'Something went wrong inside the station.',
    retryable: true,
    dimseStatus: 0x0110,
    httpStatus: 500,
  },
  'unauthorized': {
    sentence: 'The request carried no valid key.',
    retryable: false,
    dimseStatus: 0x0124,
    httpStatus: 401,
  },
  'forbidden-origin': {
    sentence: 'The request came from another site or under another host name.',
    retryable: false,
    dimseStatus: 0x0124,
    httpStatus: 403,
  },
  'bad-request': {
    sentence: 'The request could not be understood.',
    retryable: false,
    dimseStatus: 0x0115,
    httpStatus: 400,
  },
  'too-large': {
    sentence: 'The request is larger than the station accepts.',
    retryable: false,
    dimseStatus: 0xa700,
    httpStatus: 413,
  },
  'not-found': {
    sentence: 'There is no such study, series, image or page on this station.',
    retryable: false,
    dimseStatus: 0x0112,
    httpStatus: 404,
  },
  'gone': {
    sentence: 'It was purged: the images are no longer on this station.',
    retryable: false,
    dimseStatus: 0x0112,
    httpStatus: 410,
  },
  'not-acceptable': {
    sentence: 'The image is not stored in any of the forms that were asked for.',
    retryable: false,
    dimseStatus: 0x0122,
    httpStatus: 406,
  },
  'bad-certificate': {
    sentence:
      'The certificate or key of this station cannot be used: nothing is taken over TLS, and nobody is called over it.',
    retryable: false,
    dimseStatus: 0x0110,
    httpStatus: 500,
  },
  'unsupported-media': {
    sentence: 'The body is in a form that this service does not take.',
    retryable: false,
    dimseStatus: 0x0122,
    httpStatus: 415,
  },
  'forbidden': {
    sentence: 'The key does not open this: it was made for something else.',
    retryable: false,
    dimseStatus: 0x0124,
    httpStatus: 403,
  },
  'too-many-failures': {
    sentence: 'Too many wrong keys came from this address. It may try again in a while.',
    retryable: true,
    dimseStatus: 0x0124,
    httpStatus: 429,
  },
  'busy': {
    sentence: 'The station is busy with as much of this as it can take at a time.',
    retryable: true,
    dimseStatus: 0xa700,
    httpStatus: 503,
  },
  'cancelled': {
    sentence: 'The work was cancelled.',
    retryable: false,
    dimseStatus: 0xfe00,
    httpStatus: 409,
  },
  'draft-conflict': {
    sentence: 'The study was worked on in another window meanwhile: what is there now was kept, this change was not.',
    retryable: false,
    dimseStatus: 0x0110,
    httpStatus: 409,
  },
  'report-locked': {
    sentence: 'The report is signed: it is not changed any more, an addendum follows it.',
    retryable: false,
    dimseStatus: 0x0110,
    httpStatus: 409,
  },
  'report-not-in-front': {
    sentence: 'No window shows this study: a report is signed with its images in front.',
    retryable: false,
    dimseStatus: 0x0110,
    httpStatus: 409,
  },
  'order-ambiguous': {
    sentence:
      'Several studies have this accession number and patient: name the one that is meant by its Study Instance UID.',
    retryable: false,
    dimseStatus: 0x0110,
    httpStatus: 409,
  },
  'draining': {
    sentence: 'The station is shutting down.',
    retryable: true,
    dimseStatus: 0xa700,
    httpStatus: 503,
  },
  'disk-full': {
    sentence: 'The disk is full: nothing was stored. Free space; the sender can send again.',
    retryable: true,
    dimseStatus: 0xa700,
    httpStatus: 507,
  },
  'disk-nearly-full': {
    sentence: 'The disk is nearly full: nothing is taken before there is room again. The sender can send again.',
    retryable: true,
    dimseStatus: 0xa700,
    httpStatus: 507,
  },
  'volume-unavailable': {
    sentence: 'The disk that holds this image is not there. It can be read again when the disk is back.',
    retryable: true,
    dimseStatus: 0xa701,
    httpStatus: 503,
  },
  'not-confirmed': {
    sentence: 'The images are safe here, and not all of them are proved to be on the archive yet.',
    retryable: true,
    dimseStatus: 0x0110,
    httpStatus: 503,
  },
  'on-archive': {
    sentence: 'This image has left the station for the archive. It is fetched from there when it is opened.',
    retryable: true,
    dimseStatus: 0xa701,
    httpStatus: 503,
  },
  'archive-offline': {
    sentence: 'This image is on the archive, which is offline. It can be opened again when the archive answers.',
    retryable: true,
    dimseStatus: 0xa701,
    httpStatus: 503,
  },
  'image-lost': {
    sentence: 'This image has left the station, and no archive is known to hold it any more. Have it sent again.',
    retryable: false,
    dimseStatus: 0xa701,
    httpStatus: 410,
  },
  'store-failed': {
    sentence: 'The image could not be written to disk: nothing was stored. The sender can send again.',
    retryable: true,
    dimseStatus: 0xa700,
    httpStatus: 500,
  },
  'store-read-only': {
    sentence: 'The disk reported an error, so the station takes no new images. What is stored can be read.',
    retryable: true,
    dimseStatus: 0xa700,
    httpStatus: 503,
  },
  'index-incomplete': {
    sentence: 'The list of images is being made again. Nothing can be purged until that is done.',
    retryable: true,
    dimseStatus: 0xa700,
    httpStatus: 503,
  },
  'index-damaged': {
    sentence: 'The index of the images is damaged. The images are not; the index is made again from them.',
    retryable: true,
    dimseStatus: 0xa700,
    httpStatus: 503,
  },
  'network-folder': {
    sentence:
      'The data folder lies on a network drive. Locks and syncs can not be relied on there: choose a local disk.',
    retryable: false,
    dimseStatus: 0xa700,
    httpStatus: 500,
  },
  'database-newer': {
    sentence: 'The data folder was written by a newer version of Isocenter and was not opened.',
    retryable: false,
    dimseStatus: 0xa700,
    httpStatus: 500,
  },
  'data-dir-in-use': {
    sentence: 'Another station already runs on this data folder.',
    retryable: false,
    dimseStatus: 0xa700,
    httpStatus: 500,
  },
  'not-dicom': {
    sentence: 'This is not a DICOM file.',
    retryable: false,
    dimseStatus: 0xc000,
    httpStatus: 415,
  },
  'malformed': {
    sentence: 'The DICOM data is damaged and could not be read.',
    retryable: false,
    dimseStatus: 0xc000,
    httpStatus: 422,
  },
  'unwatchable': {
    sentence: 'This folder cannot be watched.',
    retryable: false,
    dimseStatus: 0x0110,
    httpStatus: 400,
  },
  'cut-short': {
    sentence: 'The image ends in the middle: the rest of it is not there.',
    retryable: true,
    dimseStatus: 0xc000,
    httpStatus: 422,
  },
  'invalid-uid': {
    sentence: 'A Study, Series or SOP Instance UID is missing or impossible, so the image belongs nowhere.',
    retryable: false,
    dimseStatus: 0xc000,
    httpStatus: 422,
  },
  'identity-mismatch': {
    sentence: 'The data set names another object, or another study, than was announced.',
    retryable: false,
    dimseStatus: 0xa900,
    httpStatus: 422,
  },
  'bad-identifier': {
    sentence: 'The query does not say what it asks for, or leaves out what lies above it.',
    retryable: false,
    dimseStatus: 0xa900,
    httpStatus: 400,
  },
  'unsupported-pixels': {
    sentence: 'The pixels are in a form this version cannot show. The file is kept as it came.',
    retryable: false,
    dimseStatus: 0x0122,
    httpStatus: 501,
  },
  'port-in-use': {
    sentence: 'The port is taken by another program, or this user may not open it.',
    retryable: true,
    dimseStatus: 0xa700,
    httpStatus: 500,
  },
  'destination-unknown': {
    sentence: 'There is no node of that AE title to send to.',
    retryable: false,
    dimseStatus: 0xa801,
    httpStatus: 404,
  },
  'peer-failed': {
    sentence: 'The other DICOM node could not be reached, refused, or ended the association.',
    retryable: true,
    dimseStatus: 0x0110,
    httpStatus: 502,
  },
  'print-failed': {
    sentence: 'The printer did not print.',
    retryable: true,
    dimseStatus: 0x0110,
    httpStatus: 502,
  },
  'segments-full': {
    sentence: 'Unsaved segments of this study take more than can be kept. Save the segmentation.',
    retryable: false,
    dimseStatus: 0xa700,
    httpStatus: 413,
  },
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof ERRORS

/** An error that knows its own wire status. `detail` is for people and logs: never a patient's name. */
export class IsocenterError extends Error {
  readonly code: ErrorCode
  readonly detail: string | undefined

  constructor(code: ErrorCode, detail?: string, options?: { cause?: unknown }) {
    super(detail ? `${ERRORS[code].sentence} (${detail})` : ERRORS[code].sentence, options)
    this.name = 'IsocenterError'
    this.code = code
    this.detail = detail
  }

  get dimseStatus(): number {
    return ERRORS[this.code].dimseStatus
  }

  get httpStatus(): number {
    return ERRORS[this.code].httpStatus
  }
}

/** Any thrown value as an `IsocenterError`; what is not one already becomes `internal` with the original as cause. */
export function toIsocenterError(thrown: unknown): IsocenterError {
  if (thrown instanceof IsocenterError) return thrown
  return new IsocenterError('internal', thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown })
}
