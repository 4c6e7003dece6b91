import type { staff as chinese } from '../zh-CN/staff'

export const staff: Record<keyof typeof chinese, string> = {
}
