/**
 * What a gate saw, in words: the API tells it as `service/src/delivery/{rules,caps,sort}.rs` write it. What this console can't read
 * stands as it came.
 */
import { topicWords } from '../model'
import { formatTime } from '@/format/time'
import { t, tCode, type WordKey } from '@/words'

interface Gate {
  passes: boolean
  saw: string
}
type Reader = (said: RegExpExecArray, gate: Gate) => string

const plain = (key: WordKey): Reader => () => t(key)
const channelOf = (channel = '') => tCode('campaigns', channel)

/** The first that fits. */
const FORMS: [RegExp, Reader][] = [
  [/^exempt: transactional$/, plain('gates.saw_transactional')],
  [/^exempt: inbox$/, plain('gates.saw_inbox')],
  [/^active$/, plain('gates.saw_active')],
  [/^not active$/, plain('gates.saw_inactive')],
  [/^gone$/, plain('gates.saw_gone')],
  [
    /^(\d+) opt-outs, personalised (true|false)$/,
    ([, count, personalised]) =>
      [
        count === '0' ? t('gates.saw_noOptOut') : t('gates.saw_optOuts', { n: Number(count) }),
        t(personalised === 'true' ? 'gates.saw_personalised' : 'gates.saw_notPersonalised'),
      ].join(t('gates.saw_comma')),
  ],
  [
    /^(wechat_subscribe|sms|inbox)(, not configured)?(, opted out)?$/,
    ([, channel, unknown, refused]) =>
      [
        channelOf(channel),
        ...(unknown ? [t('gates.saw_notConfigured')] : []),
        ...(refused ? [t('gates.saw_optedOut')] : []),
      ].join(t('gates.saw_comma')),
  ],
  [/^none$/, plain('gates.saw_notPaused')],
  [/^true$/, plain('gates.saw_agreed')],
  [/^false$/, plain('gates.saw_notAgreed')],
  [
    /^address (true|false), (-?\d+) consents left$/,
    ([, address, left], { passes }) =>
      [
        t(address === 'true' ? 'gates.saw_address' : 'gates.saw_noAddress'),
        // Who passes with none is on a channel that needs none.
        ...(passes && left === '0' ? [] : [t('gates.saw_consents', { n: Number(left) })]),
      ].join(t('gates.saw_comma')),
  ],
  [/^no end$/, plain('gates.saw_noEnd')],
  [/^ends (\S+)$/, ([, end = '']) => t('gates.saw_ends', { time: formatTime(end) })],
  [/^(\d\d:\d\d) in (\S+)$/, ([, time = '', zone = '']) => t('gates.saw_localTime', { time, zone })],
  [/^no cap$/, plain('gates.saw_noCap')],
  [/^(\w+) rests$/, ([, channel]) => t('gates.saw_rests', { channel: channelOf(channel) })],
  [/^a campaign of higher priority$/, plain('gates.saw_higherPriority')],
  [/^budget_(campaign|month|brand)$/, ([, which]) => t(`gates.saw_budget_${which as 'campaign'}`)],
  [/^\d{4}-\d\d-\d\dT\S+$/, ([until]) => t('gates.saw_until', { time: formatTime(until) })],
  [/^(?:[^:;]+: \d+ of \d+ [^;]+)(?:; [^:;]+: \d+ of \d+ [^;]+)*$/, ([all]) => all.split('; ').map(limitWords).join(t('gates.saw_semicolon'))],
]

export function sawWords(gate: Gate): string {
  for (const [form, read] of FORMS) {
    const said = form.exec(gate.saw)
    if (said) return read(said, gate)
  }
  return tCode('reasons', gate.saw)
}

const SPANS: Record<string, WordKey> = {
  'in 24 hours': 'gates.saw_in24Hours',
  'in 7 days': 'gates.saw_in7Days',
  today: 'gates.saw_today',
}

/** One rule of the frequency cap: `sms offers: 1 of 2 in 24 hours, 1 of 3 in 7 days`. */
function limitWords(limit: string): string {
  const [rule = '', counts = ''] = limit.split(': ')
  const told = [...counts.matchAll(/(\d+) of (\d+) ([^,]+)/g)].map(([, had, cap, span = '']) =>
    t(SPANS[span] ?? 'gates.saw_in24Hours', { had: Number(had), cap: Number(cap) }),
  )
  return `${ruleWords(rule)}${t('gates.saw_colon')}${told.join(t('gates.saw_comma'))}`
}

function ruleWords(rule: string): string {
  if (rule === 'over all') return t('gates.saw_overAll')
  const [first = '', ...rest] = rule.split(' ')
  const isChannel = ['wechat_subscribe', 'sms', 'inbox'].includes(first)
  const topic = (isChannel ? rest : [first, ...rest]).join(' ')
  return [...(isChannel ? [channelOf(first)] : []), ...(topic ? [topicWords(topic)] : [])].join(' ')
}
