import account from './account'
import analyses from './analyses'
import attributes from './attributes'
import audiences from './audiences'
import audit from './audit'
import campaigns from './campaigns'
import common from './common'
import coupons from './coupons'
import feedback from './feedback'
import gates from './gates'
import held from './held'
import letters from './letters'
import mall from './mall'
import members from './members'
import nav from './nav'
import notices from './notices'
import points from './points'
import reasons from './reasons'
import remedies from './remedies'
import reports from './reports'
import session from './session'
import settings from './settings'
import staff from './staff'
import stamps from './stamps'
import stores from './stores'
import surveys from './surveys'
import tiers from './tiers'
import today from './today'

const words = {
  account,
  analyses,
  attributes,
  audiences,
  audit,
  campaigns,
  common,
  coupons,
  feedback,
  gates,
  held,
  letters,
  mall,
  members,
  nav,
  notices,
  points,
  reasons,
  remedies,
  reports,
  session,
  settings,
  staff,
  stamps,
  stores,
  surveys,
  tiers,
  today,
}

export type Words = { [A in keyof typeof words]: Record<keyof (typeof words)[A], string> }

export default words satisfies Words
