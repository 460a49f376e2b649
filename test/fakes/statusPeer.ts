import { createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { Association } from '../../electron/station/wire/association.ts'
import { type CommandSet, responseTo } from '../../electron/station/wire/dimse.ts'

/**
 * A node that answers every request with the status it is told, or with nothing at all; `classes`: what it takes, all where it is not
 * said. Gone when the test ends.
 */
export async function statusPeer(
  status: (SOPInstanceUID: string, command: CommandSet) => number | undefined,
  classes?: string[],
): Promise<{ port: number }> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    const association: Association = new Association(socket, {
      role: 'acceptor',
      negotiate: request => ({
        accept: {
          ...request,
          contexts: request.contexts.map(({ id, abstractSyntax, transferSyntaxes }) => ({
            id,
            result: !classes || classes.includes(abstractSyntax) ? 0 : 3,
            transferSyntax: transferSyntaxes[0] ?? '',
          })),
        },
      }),
      onMessage: (context, command) => ({
        write() {},
        async end() {
          const answer = status(command.AffectedSOPInstanceUID ?? '', command)
          if (answer === undefined) await new Promise(() => {})
          else await association.send(context.id, responseTo(command, answer))
        },
        abort() {},
      }),
      onEnd() {},
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return { port: typeof address === 'object' && address ? address.port : 0 }
}
