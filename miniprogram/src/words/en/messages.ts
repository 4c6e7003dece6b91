import type { messages as chinese } from '../zh-CN/messages'

export const messages: Record<keyof typeof chinese, string> = {
}
