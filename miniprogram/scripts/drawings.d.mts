export function drawingsCss(): string
