const PAGES = {
  'unauthorized': {
    status: 401,
    title: 'This workstation needs its key',
    text: 'Open the address the station printed when it started: it ends in /?key=… and lets this browser in. Programs send the key in the Authorization header.',
  },
  'forbidden-origin': {
    status: 403,
    title: 'Not from here',
    text: 'The request came from another site or under another host name. Open the workstation under its own address.',
  },
  'not-found': { status: 404, title: 'No such page', text: 'There is nothing at this address.' },
  'not-built': {
    status: 503,
    title: 'The workstation’s screens are not built',
    text: 'The station runs and takes images, but the pages it shows are missing. Run “npm run build” in the project’s folder and open this page again.',
  },
} as const

/** A plain page a person can read, without style or script. */
export function errorPage(name: keyof typeof PAGES): Response {
  const { status, title, text } = PAGES[name]
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Isocenter</title><h1>${title}</h1><p>${text}</p></html>\n`
  return new Response(html, { status, headers: { 'content-type': 'text/html; charset=utf-8' } })
}
