/** A program of these two shaders. Throws in words where the card cannot draw `what`, or has been taken away. */
export function linkProgram(
  gl: WebGL2RenderingContext,
  vertices: string,
  fragments: string,
  what: string,
): WebGLProgram {
  const program = gl.createProgram()
  for (const [type, source] of [
    [gl.VERTEX_SHADER, vertices],
    [gl.FRAGMENT_SHADER, fragments],
  ] as const) {
    const shader = gl.createShader(type)
    if (shader === null) throw new Error('The graphics card has been taken away.')
    gl.shaderSource(shader, source)
    gl.compileShader(shader)
    gl.attachShader(program, shader)
  }
  gl.linkProgram(program)
  if (gl.getProgramParameter(program, gl.LINK_STATUS)) return program
  throw new Error(`The graphics card cannot draw ${what}: ${gl.getProgramInfoLog(program)}`)
}
