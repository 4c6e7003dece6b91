import type { Words } from '../zh-CN'
import account from './account'
import campaigns from './campaigns'
import common from './common'
import nav from './nav'
import session from './session'
import staff from './staff'
import stores from './stores'

const words: Words = { account, campaigns, common, nav, session, staff, stores }

export default words
