// The codecs ship without types: what this room uses of them.
declare module '*wasmjs' {
  interface CodecFrameInfo {
    width: number
    height: number
    bitsPerSample: number
    componentCount: number
    isSigned: boolean
  }
  interface CodecDecoder {
    /** Room for the codestream in the module's memory. */
    getEncodedBuffer(length: number): Uint8Array
    decode(): void
    getFrameInfo(): CodecFrameInfo
    /** Interleaved samples, in the module's memory: copy before the next call. */
    getDecodedBuffer(): Uint8Array
    delete(): void
  }
  type CodecClass = new () => CodecDecoder
  interface CodecModule {
    JPEGDecoder?: CodecClass
    JpegLSDecoder?: CodecClass
    J2KDecoder?: CodecClass
    HTJ2KDecoder?: CodecClass
    JpegXLDecoder?: CodecClass
    getExceptionMessage?(thrown: number): string
  }
  const factory: (options: { wasmBinary: Uint8Array; print(): void; printErr(): void }) => Promise<CodecModule>
  export default factory
  export type { CodecClass, CodecModule }
}
