/** What Node and every browser have in common and `shared` may use; declared here because this floor has neither DOM nor Node types. */
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean })
  decode(input?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean }): string
}
declare class TextEncoder {
  encode(input?: string): Uint8Array<ArrayBuffer>
}
/** Base64 of a string of bytes (each character 0–255), and back; `atob` throws on anything else. */
declare function btoa(byteString: string): string
declare function atob(base64: string): string
