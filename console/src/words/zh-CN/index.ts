import account from './account'
import campaigns from './campaigns'
import common from './common'
import nav from './nav'
import session from './session'
import staff from './staff'
import stores from './stores'

const words = { account, campaigns, common, nav, session, staff, stores }

export type Words = { [A in keyof typeof words]: Record<keyof (typeof words)[A], string> }

export default words satisfies Words
