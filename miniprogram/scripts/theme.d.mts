export function variables(): string
export function bars(): string
