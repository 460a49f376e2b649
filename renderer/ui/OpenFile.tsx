import { useRef } from 'react'

/** A button that asks for a file; the same one may be chosen again. Texts are the caller's, in the user's language. */
export function OpenFile(props: { words: string; label: string; accept: string; onFile: (file: File) => void }) {
  const { words, label, accept, onFile } = props
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <button type="button" onClick={() => input.current?.click()}>
        {words}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        accept={accept}
        aria-label={label}
        onChange={event => {
          const [file] = event.target.files ?? []
          if (file) onFile(file)
          event.target.value = ''
        }}
      />
    </>
  )
}
