/** What a till tells besides words and colour: a sound and a shake, so that nobody has to look. */
export type Told = 'good' | 'bad'

/** Two notes up, or one low one twice: Hz and the second at which it begins. */
const NOTES: Record<Told, Array<[hertz: number, at: number]>> = { good: [[880, 0], [1318, 0.12]], bad: [[220, 0], [220, 0.22]] }
const LONG = 0.14

let audio: AudioContext | undefined

function context(): AudioContext | undefined {
  // #ifdef H5
  return typeof AudioContext === 'undefined' ? undefined : new AudioContext()
  // #endif
  // #ifdef MP-WEIXIN
  return (uni as unknown as { createWebAudioContext?: () => AudioContext }).createWebAudioContext?.()
  // #endif
}

function play(told: Told): void {
  audio ??= context()
  if (!audio) return
  for (const [hertz, at] of NOTES[told]) {
    const note = audio.createOscillator()
    const loudness = audio.createGain()
    loudness.gain.value = 0.2
    note.type = told === 'good' ? 'sine' : 'square'
    note.frequency.value = hertz
    note.connect(loudness)
    loudness.connect(audio.destination)
    note.start(audio.currentTime + at)
    note.stop(audio.currentTime + at + LONG)
  }
}

export function signal(told: Told): void {
  try {
    play(told)
  } catch {
    // A phone that may not make a sound still shows and shakes.
  }
  if (told === 'good') uni.vibrateShort({ fail: () => undefined })
  else uni.vibrateLong({ fail: () => undefined })
}
