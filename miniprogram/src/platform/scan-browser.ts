/** The browser's camera as a scanner: its own detector where it has one, else jsQR, which is loaded when it is needed. */
// #ifdef H5
import { createApp } from 'vue'
import CameraSheet from '@/parts/camera-sheet.vue'

interface Detector {
  detect(source: HTMLVideoElement): Promise<Array<{ rawValue: string }>>
}
type DetectorMaker = new (options: { formats: string[] }) => Detector

export type ReadFrame = (video: HTMLVideoElement) => Promise<string | undefined>

/** Browsers give a camera to pages of https and of this machine alone. */
export const cameraIsHere = (): boolean => navigator.mediaDevices?.getUserMedia !== undefined

function own(): ReadFrame | undefined {
  const maker = (globalThis as { BarcodeDetector?: DetectorMaker }).BarcodeDetector
  if (!maker) return undefined
  const detector = new maker({ formats: ['qr_code', 'code_128'] })
  return async (video) => (await detector.detect(video))[0]?.rawValue
}

async function byDrawing(): Promise<ReadFrame> {
  const { default: jsQR } = await import('jsqr')
  const canvas = document.createElement('canvas')
  const pen = canvas.getContext('2d', { willReadFrequently: true })
  return async (video) => {
    Object.assign(canvas, { width: video.videoWidth, height: video.videoHeight })
    if (!pen || canvas.width === 0) return undefined
    pen.drawImage(video, 0, 0)
    return jsQR(pen.getImageData(0, 0, canvas.width, canvas.height).data, canvas.width, canvas.height, { inversionAttempts: 'dontInvert' })?.data
  }
}

let reading: Promise<ReadFrame> | undefined

/** Also called ahead, while there is a network to load it by. */
export function frameReader(): Promise<ReadFrame> {
  reading ??= Promise.resolve(own() ?? byDrawing())
  return reading
}

export function scanInBrowser(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const place = document.createElement('div')
    document.body.appendChild(place)
    const sheet = createApp(CameraSheet, {
      onDone: (code?: string) => {
        sheet.unmount()
        place.remove()
        resolve(code)
      },
    })
    sheet.mount(place)
  })
}
// #endif
