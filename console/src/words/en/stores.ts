import type { Words } from '../zh-CN'

const words: Words['stores'] = {
  title: 'Stores',
  lead: 'Where members buy and coupons are redeemed. A closed store serves nobody; its history stays.',
  add: 'New store',
  edit: 'Edit store',
  code: 'Code',
  codeHint: 'What tills and import files call it. It can’t be changed later.',
  storeName: 'Name',
  address: 'Address',
  zone: 'Time zone',
  zoneHint: 'Left empty, the shop’s.',
  zoneOfShop: 'The shop’s',
  open: 'Open',
  closed: 'Closed',
  close: 'Close store',
  reopen: 'Open again',
  closeTitle: 'Close {name}',
  closeBody: 'Nobody can scan or redeem there any more. Purchases and redemptions stay, and you can open it again at any time.',
  reopenTitle: 'Open {name} again',
  reopenBody: 'Staff can scan and redeem there again.',
  closedNow: '{name} is closed',
  reopened: '{name} is open again',
  empty: 'No stores yet',
  emptyHint: 'Staff can scan and redeem once there is a store.',
  since: 'Since',
}

export default words
