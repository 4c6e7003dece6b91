declare module 'pngjs' {
  export const PNG: { sync: { read(picture: Uint8Array): { data: Uint8Array; width: number; height: number } } }
}
