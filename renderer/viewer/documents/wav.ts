/** Sound of 16 bits a sample as a WAV file (RIFF): the loudest sample is full scale. `channels` have one length; `frequency` in Hz. */
export function wavOf(channels: Float32Array[], frequency: number): Uint8Array<ArrayBuffer> {
  const count = channels.length
  const samples = channels[0]?.length ?? 0
  let loudest = 0
  for (const channel of channels) for (const value of channel) loudest = Math.max(loudest, Math.abs(value) || 0)
  const bytes = new Uint8Array(44 + samples * count * 2)
  const view = new DataView(bytes.buffer)
  const words = (at: number, text: string) => {
    for (let i = 0; i < text.length; i++) view.setUint8(at + i, text.charCodeAt(i))
  }
  words(0, 'RIFF')
  view.setUint32(4, bytes.length - 8, true)
  words(8, 'WAVEfmt ')
  view.setUint32(16, 16, true)
  view.setUint16(20, 1, true)
  view.setUint16(22, count, true)
  view.setUint32(24, Math.round(frequency), true)
  view.setUint32(28, Math.round(frequency) * count * 2, true)
  view.setUint16(32, count * 2, true)
  view.setUint16(34, 16, true)
  words(36, 'data')
  view.setUint32(40, bytes.length - 44, true)
  const factor = loudest > 0 ? 32_767 / loudest : 0
  let at = 44
  for (let i = 0; i < samples; i++) {
    for (const channel of channels) {
      view.setInt16(at, Math.round((channel[i] || 0) * factor), true)
      at += 2
    }
  }
  return bytes
}
