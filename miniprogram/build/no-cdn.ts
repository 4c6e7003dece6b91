/** uni-h5's style names one picture on a CDN, for the shadow of a bar. Nothing may be asked of another origin. */
import type { Plugin } from 'vite'

export function noCdn(): Plugin {
  return {
    name: 'no-cdn',
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type === 'asset' && typeof file.source === 'string' && file.fileName.endsWith('.css'))
          file.source = file.source.replace(/url\(["']?https?:\/\/[^)]*\)/g, 'none')
      }
    },
  }
}
