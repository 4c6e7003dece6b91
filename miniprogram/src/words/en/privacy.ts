import type { privacy as chinese } from '../zh-CN/privacy'

export const privacy: Record<keyof typeof chinese, string> = {
  'privacy.title': 'Privacy notice',
  'privacy.lead': 'Nothing personal is collected before you agree. This is what the membership needs, why, and what your rights are.',
  'privacy.what.title': 'What is collected, and why',
  'privacy.what.phone': 'Phone number: to make your card, sign you in and find your membership again. It is kept encrypted; staff see it with the middle hidden.',
  'privacy.what.wechat': 'WeChat id (openid): to sign you in with one tap and to send the messages that you allowed. We do not read your WeChat name, picture or friends.',
  'privacy.what.alipay': 'Alipay id: to know you by, only if you sign in with Alipay. We do not read your Alipay name, picture or anything else.',
  'privacy.what.device': 'Device id: a random number made by this app and sent when you sign in, so that codes are limited and a gift for new members is given once. Nothing of your phone is read.',
  'privacy.what.purchase': 'Purchases (store, time, amount, goods): to reckon points and tiers and to handle returns.',
  'privacy.what.profile': 'Name, gender, birthday, occupation, and what the shop asks beside them: only if you enter them, to address you, for birthday offers and for suggestions that fit. You can change or clear them at any time.',
  'privacy.what.behaviour': 'What you do in this app: only after you switched it on in your details, for suggestions that fit. Switched off, nothing more is kept and what was kept is deleted.',
  'privacy.share.title': 'Who gets it',
  'privacy.share.text': 'Member records are not sold and not given to third parties. Text messages are carried by an SMS provider, who gets the phone number and the text; subscription messages are sent by WeChat.',
  'privacy.ads.title': 'Offers need a yes of their own',
  'privacy.ads.text': 'Whether you get offers and event news is your separate choice; a no costs no benefit. Every message tells why it was sent to you and can be stopped with one tap.',
  'privacy.rights.title': 'Your rights',
  'privacy.rights.text': 'On the page Me you can see and correct your record, export all data, withdraw consent, switch personalised suggestions off, and delete the account. Deleting clears personal data; records that the law keeps are no longer tied to you.',
  'privacy.ask.title': 'Contact',
  'privacy.ask.text': 'With a question or complaint, ask at any store or leave a message under feedback in the mini-program.',
}
