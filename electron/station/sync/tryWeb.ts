import { toIsocenterError } from '../../../shared/errors.ts'
import type { WebClient } from '../wire/webClient.ts'
import { httpWords } from './stowAnswer.ts'

const LONGEST_ANSWER = 2 ** 20

interface Tried {
  client: WebClient
  orthanc: WebClient | undefined
  authorizationFile: string | undefined
}

/** Asks for one study, and for Orthanc's version: whether it answers, and if not what is wrong, in words. */
export async function tryWeb(
  { client, orthanc, authorizationFile }: Tried,
  signal: AbortSignal,
): Promise<{ works: boolean; words: string }> {
  const begun = performance.now()
  try {
    const trouble = await askWeb(client, 'dicomweb', authorizationFile, signal)
    if (trouble) return { works: false, words: trouble }
    const other = orthanc && (await askWeb(orthanc, 'orthanc', authorizationFile, signal))
    if (other) return { works: false, words: `DICOMweb works; ${other}` }
    const words = `Works: DICOMweb${orthanc ? " and Orthanc's own interface" : ''} answered`
    return { works: true, words: `${words} in ${Math.round(performance.now() - begun)} ms.` }
  } catch (thrown) {
    const { detail, message } = toIsocenterError(thrown)
    return { works: false, words: `${detail ?? message}.` }
  }
}

const SERVICES = {
  dicomweb: { path: '/studies?limit=1', what: 'a DICOMweb service' },
  orthanc: { path: '/system', what: "Orthanc's own interface" },
}

/** '' where it answers as it should, else what is wrong. Rejects with 'peer-failed' where it cannot be reached. */
export async function askWeb(
  client: WebClient,
  service: keyof typeof SERVICES,
  authorizationFile: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  const { path, what } = SERVICES[service]
  const answer = await client.request({
    method: 'GET',
    path,
    accept: 'application/dicom+json, application/json',
    signal,
  })
  const { status } = answer
  const text = (await answer.bytes(LONGEST_ANSWER)).toString('utf8').trimStart()
  if (status === 204) return ''
  if (status === 200) return /^[[{]/.test(text) ? '' : `${client.address} was reached, but it is not ${what}.`
  if (status === 401 || status === 403) {
    const key = authorizationFile ? `the key in ${authorizationFile}` : 'a request without a key'
    return `${status}: ${key} was refused by ${client.address}.`
  }
  if (status === 404 || status === 405) return `${client.address} was reached, but there is not ${what} (${status}).`
  return `${client.address}: ${httpWords(status)}.`
}
