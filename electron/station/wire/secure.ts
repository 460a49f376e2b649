import { constants, createHash, X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { createSecureContext, type PeerCertificate, type SecureContextOptions } from 'node:tls'
import type { TlsConfig, TlsProfile } from '../../../shared/config.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { CertificateSummary } from '../../../shared/network.ts'

/** A chain, or every authority of a country. */
const LONGEST_PEM = 2 ** 20

/** PEM texts: what we show of ourselves, and whose signature we believe on a peer's certificate. */
export interface SecureMaterial {
  cert: string
  key: string
  ca: string
}

/** Reads them, and tries whether they fit together. Rejects with 'bad-certificate', whose detail names the file. */
export async function readSecureMaterial(config: TlsConfig): Promise<SecureMaterial> {
  const read = async (file: string) => {
    const { size } = await stat(file)
    if (size > LONGEST_PEM) throw new Error(`${file} is no certificate: it has ${size} bytes`)
    return readFile(file, 'utf8')
  }
  try {
    const [cert, key, ca] = await Promise.all([config.certificateFile, config.keyFile, config.trustedFile].map(read))
    const material = { cert: cert ?? '', key: key ?? '', ca: ca ?? '' }
    createSecureContext(secureOptions(material, config.profile))
    return material
  } catch (thrown) {
    throw new IsocenterError('bad-certificate', thrown instanceof Error ? thrown.message : String(thrown))
  }
}

/** What the certificates of a PEM text say of themselves, in its order. Throws what OpenSSL says of one that is none. */
export function certificatesIn(pem: string): CertificateSummary[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return blocks.map(block => {
    const { subject, issuer, validFrom, validTo, raw } = new X509Certificate(block)
    return {
      subject: commonName(subject),
      issuer: commonName(issuer),
      from: Date.parse(validFrom),
      until: Date.parse(validTo),
      fingerprint: createHash('sha256').update(raw).digest('hex'),
    }
  })
}

function commonName(name: string): string {
  return (/^CN=(.+)$/m.exec(name)?.[1] ?? name.replaceAll('\n', ', ')).slice(0, 200)
}

/** RFC 9325 §4.2: forward secrecy and authenticated encryption alone. */
const RFC_9325_CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_AES_128_GCM_SHA256',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
]

/** PS3.15 annex B, by the RFC each profile takes its suites from; RFC 7525 §4.2 has finite fields besides curves. */
export const CIPHERS: Record<TlsProfile, readonly string[]> = {
  rfc9325: RFC_9325_CIPHERS,
  rfc7525: [...RFC_9325_CIPHERS, 'DHE-RSA-AES256-GCM-SHA384', 'DHE-RSA-AES128-GCM-SHA256'],
}

/** For both roles. TLS 1.0 and 1.1 are never spoken (RFC 8996). */
export function secureOptions(material: SecureMaterial, profile: TlsProfile): SecureContextOptions {
  return {
    ...material,
    minVersion: 'TLSv1.2',
    ciphers: CIPHERS[profile].join(':'),
    // OpenSSL's own groups, from strong enough primes.
    dhparam: 'auto',
    honorCipherOrder: true,
    // No session is taken up again: a certificate is looked at each time, by those who are trusted and bound now. An association
    // is long, a handshake is 3 ms.
    secureOptions: constants.SSL_OP_NO_TICKET,
  }
}

/** SHA-256 of a certificate in DER, as the configuration writes it; undefined without one. */
export function fingerprintOf(certificate: Partial<PeerCertificate> | undefined): string | undefined {
  return certificate?.raw ? createHash('sha256').update(certificate.raw).digest('hex') : undefined
}

/** The code of a socket's error, where its message says in words why there is no TLS. */
export const TLS_FAILED = 'TLS_FAILED'

/** Codes of OpenSSL and Node, and what they mean at the end of a cable. */
const WORDS: Array<[code: RegExp, words: string]> = [
  [/WRONG_VERSION_NUMBER|HTTP_REQUEST|PACKET_LENGTH_TOO_LONG|BAD_RECORD_TYPE/, 'it does not speak TLS on this port'],
  [/UNSUPPORTED_PROTOCOL|UNKNOWN_PROTOCOL|ALERT_PROTOCOL_VERSION/, 'it speaks an older TLS than 1.2'],
  [/NO_SHARED_CIPHER|NO_CIPHERS|HANDSHAKE_FAILURE/, 'it has no cipher in common with this station'],
  [/DID_NOT_RETURN_A_CERTIFICATE|CERTIFICATE_REQUIRED/, 'it showed no certificate'],
  [/CERT_HAS_EXPIRED|CERTIFICATE_EXPIRED/, 'its certificate has expired'],
  [/CERT_NOT_YET_VALID/, 'its certificate is not valid yet'],
  [
    /SELF_SIGNED|UNABLE_TO|UNTRUSTED|INVALID_CA|CERT_SIGNATURE_FAILURE/,
    'nobody this station trusts signed its certificate',
  ],
  [
    /ALERT_UNKNOWN_CA|ALERT_BAD_CERTIFICATE|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN/,
    'it does not trust the certificate of this station',
  ],
  [/ALTNAME_INVALID/, 'its certificate is for another host'],
  [/HANDSHAKE_TIMEOUT/, 'it did not finish the TLS handshake'],
]

/** Why a handshake failed, in words; undefined for what has nothing to do with TLS. Some causes stand in the message alone. */
export function tlsWords({ code = '', message }: NodeJS.ErrnoException): string | undefined {
  const text = `${code} ${message}`.toUpperCase().replaceAll(' ', '_')
  return WORDS.find(([known]) => known.test(text))?.[1]
}
