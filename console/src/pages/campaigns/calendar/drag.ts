/** What travels with a drag: the campaign's id. A type of our own, so that nothing else can be dropped. */
export const DRAG_TYPE = 'application/x-huike-campaign'

export const isOurs = (event: DragEvent) => event.dataTransfer?.types.includes(DRAG_TYPE) ?? false
