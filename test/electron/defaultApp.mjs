// Stands in for Electron's own default app inside the carried runtime, so that `electron <folder>` starts the app in that folder.
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { app } from 'electron'

const args = process.argv.slice(1)
if (args.includes('--version')) {
  console.log(`v${process.versions.electron}`)
  process.exit(0)
}
let folder
for (let i = 0; i < args.length && !folder; i++) {
  if (args[i] === '-r') createRequire(import.meta.url)(path.resolve(args[++i]))
  else if (!args[i].startsWith('-')) folder = path.resolve(args[i])
}
const about = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'))
app.setName(about.productName)
app.setAppPath(folder)
process.defaultApp = true
await import(pathToFileURL(path.join(folder, about.main)).href)
