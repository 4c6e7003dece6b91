import { account } from './account'
import { card } from './card'
import { common } from './common'
import { coupon } from './coupon'
import { coupons } from './coupons'
import { messages } from './messages'
import { points } from './points'
import { privacy } from './privacy'
import { signIn } from './signIn'
import { staff } from './staff'

export const chinese = { ...common, ...card, ...coupon, ...coupons, ...privacy, ...signIn, ...points, ...messages, ...account, ...staff }
