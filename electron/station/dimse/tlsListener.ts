import { createServer, type Server, type TLSSocket } from 'node:tls'
import type { TlsConfig } from '../../../shared/config.ts'
import { type SecureMaterial, secureOptions, tlsWords } from '../wire/secure.ts'

/** A handshake takes two round trips; who needs longer is no peer. */
const HANDSHAKE_MS = 30_000

/**
 * The listener for DICOM over TLS. Certificates are looked at after the handshake, so that who shows none, or a wrong one, can be told
 * of with the reason.
 */
export function createTlsListener(
  { profile }: Pick<TlsConfig, 'profile'>,
  material: SecureMaterial,
  on: { secure(socket: TLSSocket): void; refused(address: string, words: string): void },
): Server {
  const server = createServer(
    {
      ...secureOptions(material, profile),
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_MS,
    },
    socket => {
      if (socket.authorized) {
        on.secure(socket)
        return
      }
      const shown = Object.keys(socket.getPeerCertificate()).length > 0
      const why = shown ? new Error(String(socket.authorizationError)) : new Error('certificate required')
      on.refused(addressOf(socket), tlsWords(why) ?? why.message)
      socket.on('error', () => {})
      socket.destroy()
    },
  )
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    // Port checks connect and go.
    if (error.code === 'ECONNRESET') return
    on.refused(addressOf(socket), tlsWords(error) ?? `the TLS handshake failed (${error.code ?? error.message})`)
  })
  return server
}

function addressOf(socket: TLSSocket): string {
  return (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
}
