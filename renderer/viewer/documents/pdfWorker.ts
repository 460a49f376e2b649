// PDF.js parses in a worker of its own: a document that takes long, or breaks it, holds up no image.
import 'pdfjs-dist/build/pdf.worker.min.mjs'
