import type { Words } from '../zh-CN'
import campaigns from './campaigns'
import common from './common'
import nav from './nav'
import session from './session'

const words: Words = { campaigns, common, nav, session }

export default words
