/** 256 files to a folder and 256 folders to a folder, in the order of arrival: one folder's sync serves a whole group. */
export function fileOfContent(contentId: number): string {
  const name = contentId.toString(16).padStart(8, '0')
  return `files/${name.slice(0, -4)}/${name.slice(-4, -2)}/${name}.dcm`
}
