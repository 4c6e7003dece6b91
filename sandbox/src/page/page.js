'use strict';
/* The page speaks to the control API only. Everything that came from a person or a product is set as text, never as
   markup. */
const WORDS = {
  zh: {
    title: '沙盒', people: '人', phones: '手机', knobs: '旋钮', sandbox_time: '沙盒时间', still: '静止',
    live: '实时', broken: '连接断开，正在重连', search_hint: '手机号、姓名或 openid', phone_hint: '手机号（可留空）',
    make: '新建', more: '再看一些', counters: '计数', faults: '故障', fault_path: '接口', callback_faults: '回调',
    calm: '全部复位', revoke: '作废令牌', clock: '时钟', freeze: '停住', run: '随系统走', callback: '回调地址', mode: '模式', format: '格式',
    plain: '明文', compatible: '兼容', safe: '安全', verify: '验证并保存', off: '停用', nobody: '还没有人。新建一位，就有了一部手机。',
    pick: '从左边选一位，就能看到他的手机。', pick_or_make: '新建一位', no_messages: '还没有消息', login_code: '登录码', phone_code: '手机号码',
    alipay_code: '支付宝码', subscribe: '请求订阅', manage: '管理订阅', reply: '回复 R', copied: '已复制：', close: '关闭',
    prompt_title: '请求向您发送以下消息', keep: '总是保持以上选择，不再询问', reject: '取消', accept: '允许', cancel: '退订',
    cancelled: '已退订', main_switch: '接收订阅消息', left: n => `剩 ${n} 次`, on: '长期有效', none: '已用完或已退订', no_subscriptions: '还没有订阅',
    service: '服务通知', sms: '短信', sms_reply: '本人回复', in_app: '站内信', alipay: '支付宝消息', opens: '进入小程序', no_page: '不可点击', total: n => `共 ${n} 人`,
    blacklisted: '已回复，号码进入拒收名单', verified: '地址已验证并保存', switched_off: '已停用', calmed: '旋钮已复位', revoked: n => `已作废 ${n} 个令牌`,
    accepted: '发送成功', refused: '发送被拒', delivered: '服务通知', duplicates: '重复', texts: '短信', pending: '回调待推', pushed: '回调已收', failed: '回调失败',
    latency_ms: '延迟（毫秒）', error_rate: '出错率 0–1', errcode: '错误码', reset_rate: '断线率 0–1', timeout_after_effect_rate: '生效后不答 0–1', hang_ms: '不答时长（毫秒）',
    http_500_rate: '网关错误率 0–1', throttle_per_minute: '每分钟放行', omit_msgid: '不返回 msgid', delay_ms: '推送延迟（毫秒）', delay_spread_ms: '延迟浮动（毫秒）',
    lost_rate: '丢失率 0–1', duplicate_rate: '重复率 0–1', failed_rate: '投递失败率 0–1', bad_signature_rate: '错误签名率 0–1', before_response: '先推送后应答', error: '没有做成：',
  },
  en: {
    title: 'Sandbox', people: 'People', phones: 'Phones', knobs: 'Knobs', sandbox_time: 'Sandbox time', still: 'standing still',
    live: 'live', broken: 'connection lost, trying again', search_hint: 'Phone, name or openid', phone_hint: 'Phone (optional)',
    make: 'Make', more: 'Show more', counters: 'Counters', faults: 'Faults', fault_path: 'API', callback_faults: 'Callbacks',
    calm: 'Reset all', revoke: 'Revoke tokens', clock: 'Clock', freeze: 'Stop', run: 'Follow system', callback: 'Callback address', mode: 'Mode', format: 'Format',
    plain: 'Plain', compatible: 'Compatible', safe: 'Safe', verify: 'Verify and save', off: 'Switch off', nobody: 'Nobody here yet. Make a person and they have a phone.',
    pick: 'Pick somebody to see their phone.', pick_or_make: 'Make a person', no_messages: 'No messages yet', login_code: 'Login code', phone_code: 'Phone code',
    alipay_code: 'Alipay code', subscribe: 'Ask to subscribe', manage: 'Subscriptions', reply: 'Reply R', copied: 'Copied: ', close: 'Close',
    prompt_title: 'Wants to send you these messages', keep: 'Always keep this choice', reject: 'Cancel', accept: 'Allow', cancel: 'Unsubscribe',
    cancelled: 'Unsubscribed', main_switch: 'Receive subscription messages', left: n => `${n} left`, on: 'long term', none: 'used up or cancelled', no_subscriptions: 'No subscriptions yet',
    service: 'Service notification', sms: 'SMS', sms_reply: 'Their reply', in_app: 'In-app', alipay: 'Alipay message', opens: 'Opens', no_page: 'Not clickable', total: n => `${n} people`,
    blacklisted: 'Replied; the number is on the stop list', verified: 'Address verified and saved', switched_off: 'Switched off', calmed: 'Knobs are back', revoked: n => `${n} tokens revoked`,
    accepted: 'Sends accepted', refused: 'Sends refused', delivered: 'Service notifications', duplicates: 'Duplicates', texts: 'SMS', pending: 'Callbacks waiting', pushed: 'Callbacks taken', failed: 'Callbacks failed',
    latency_ms: 'Latency (ms)', error_rate: 'Error rate 0–1', errcode: 'Error code', reset_rate: 'Reset rate 0–1', timeout_after_effect_rate: 'Silent after effect 0–1', hang_ms: 'Silence (ms)',
    http_500_rate: 'Bad gateway 0–1', throttle_per_minute: 'Allowed a minute', omit_msgid: 'Omit msgid', delay_ms: 'Push delay (ms)', delay_spread_ms: 'Delay spread (ms)',
    lost_rate: 'Lost 0–1', duplicate_rate: 'Doubled 0–1', failed_rate: 'Delivery failed 0–1', bad_signature_rate: 'Bad signature 0–1', before_response: 'Push before answer', error: 'Not done: ',
  },
};
const PATH_KNOBS = ['latency_ms', 'error_rate', 'errcode', 'reset_rate', 'timeout_after_effect_rate', 'hang_ms', 'http_500_rate', 'throttle_per_minute', 'omit_msgid'];
const CALLBACK_KNOBS = ['delay_ms', 'delay_spread_ms', 'lost_rate', 'duplicate_rate', 'failed_rate', 'bad_signature_rate', 'before_response'];
const NEUTRAL = { errcode: -1, hang_ms: 10000 };
const SWITCHES = ['omit_msgid', 'before_response'];

const $ = id => document.getElementById(id);
const store = { get: key => { try { return localStorage.getItem(key); } catch { return null; } }, set: (key, value) => { try { localStorage.setItem(key, value); } catch { /* private mode: the choice lasts for this visit */ } } };
let language = store.get('sandbox-language') === 'en' ? 'en' : 'zh';
const say = (key, value) => { const word = WORDS[language][key] ?? key; return typeof word === 'function' ? word(value) : word; };

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter(child => child != null));
  return element;
}

let toastTimer;
function toast(text) {
  $('toast').textContent = text;
  $('toast').hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { $('toast').hidden = true; }, 4000);
}

async function api(method, path, body) {
  const answer = await fetch('/sandbox/api' + path, { method, body: body === undefined ? undefined : JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  const text = await answer.text();
  const value = text ? JSON.parse(text) : null;
  if (!answer.ok) throw new Error(value?.error ?? String(answer.status));
  return value;
}
const tried = work => async event => { event?.preventDefault?.(); try { await work(event); } catch (error) { toast(say('error') + error.message); } };

/* ---- people ---- */
/* A link may name the phones to show, /sandbox#p1,p2; otherwise those of the last visit are shown. */
function openAtFirst() {
  const named = location.hash.slice(1) || store.get('sandbox-open') || '';
  return named.split(',').filter(id => /^p\d+$/.test(id)).slice(0, 3);
}

let people = [], nextCursor = null, total = 0, open = openAtFirst();

async function loadPeople(more = false) {
  const query = new URLSearchParams({ limit: '50', q: $('query').value.trim(), cursor: more ? nextCursor : 0 });
  const page = await api('GET', '/people?' + query);
  people = more ? people.concat(page.people) : page.people;
  nextCursor = page.next_cursor;
  total = page.total;
  drawPeople();
}

function drawPeople() {
  $('total').textContent = total ? say('total', total) : say('nobody');
  $('more').hidden = nextCursor == null;
  $('list').replaceChildren(...people.map(person => make('li', {},
    make('button', { type: 'button', 'aria-pressed': String(open.includes(person.id)), onclick: tried(() => toggle(person.id)) },
      make('span', {}, person.name), make('small', {}, person.phone), make('span', { class: 'count' }, person.messages ? String(person.messages) : '')))));
}

async function toggle(id) {
  if (open.includes(id)) { open = open.filter(other => other !== id); phones.delete(id); } else { open = [id, ...open].slice(0, 3); showTab('phones'); }
  await openChanged();
}

async function openChanged() {
  store.set('sandbox-open', open.join(','));
  for (const id of [...phones.keys()]) if (!open.includes(id)) phones.delete(id);
  for (const id of [...open]) if (!phones.has(id)) await loadPhone(id);
  drawPeople();
  drawPhones();
}

/* ---- phones ---- */
const phones = new Map();

async function loadPhone(id) {
  try {
    const [person, inbox] = await Promise.all([api('GET', '/people/' + id), api('GET', `/people/${id}/messages`)]);
    phones.set(id, { person, messages: inbox.messages });
  } catch { open = open.filter(other => other !== id); phones.delete(id); }
}

const outline = () => {
  const space = 'http://www.w3.org/2000/svg';
  const drawing = document.createElementNS(space, 'svg');
  for (const [name, value] of Object.entries({ width: 56, height: 88, viewBox: '0 0 56 88', fill: 'none', stroke: 'currentColor', 'stroke-width': 2, 'aria-hidden': 'true' })) drawing.setAttribute(name, value);
  const path = document.createElementNS(space, 'path');
  path.setAttribute('d', 'M12 2h32a8 8 0 0 1 8 8v68a8 8 0 0 1-8 8H12a8 8 0 0 1-8-8V10a8 8 0 0 1 8-8zM22 9h12M16 30h24v16H16zM16 54h16');
  drawing.append(path);
  return drawing;
};

function drawPhones() {
  if (!open.length) {
    const first = make('button', { type: 'button', class: 'primary', onclick: tried(newPerson) }, say('pick_or_make'));
    $('phones').replaceChildren(make('div', { class: 'empty' }, outline(), make('p', {}, total ? say('pick') : say('nobody')), first));
    return;
  }
  $('phones').replaceChildren(...open.filter(id => phones.has(id)).map(drawPhone));
  for (const screen of document.querySelectorAll('.screen')) screen.scrollTop = screen.scrollHeight;
}

function drawPhone(id) {
  const { person, messages } = phones.get(id);
  const screen = make('div', { class: 'screen', 'data-screen': id });
  screen.append(...(messages.length ? messages.map(drawMessage) : [make('p', { class: 'empty' }, say('no_messages'))]));
  const has = kind => messages.some(message => message.kind === kind);
  const action = (word, work, disabled = false) => make('button', { type: 'button', class: 'quiet', disabled, onclick: tried(work) }, say(word));
  const code = kind => async () => copy((await api('POST', `/people/${id}/${kind}`, {})).code);
  return make('article', { class: 'phone', 'aria-label': person.name },
    make('header', {},
      make('div', { class: 'who' }, make('h2', {}, person.name), make('small', {}, person.phone),
        make('button', { type: 'button', class: 'close', 'aria-label': say('close'), onclick: tried(() => toggle(id)) }, '✕')),
      make('p', { class: 'id', title: person.openid }, person.openid)),
    screen,
    make('div', { class: 'actions' },
      action('subscribe', () => askPrompt(id)), action('manage', () => manage(id)),
      action('login_code', code('login-codes')), action('phone_code', code('phone-codes')),
      action('alipay_code', code('alipay-auth-codes')),
      action('reply', async () => { await api('POST', `/people/${id}/sms-replies`, { text: 'R' }); toast(say('blacklisted')); }, !has('sms'))));
}

const clockText = at => new Date(at).toLocaleString(language === 'zh' ? 'zh-CN' : 'en-GB', { timeZone: 'Asia/Shanghai', month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit', hour12: false });

function drawMessage(message) {
  const at = make('time', { datetime: message.at }, clockText(message.at));
  const from = word => make('div', { class: 'from' }, make('span', {}, say(word)), at);
  const lines = rows => make('dl', {}, ...rows.flatMap(row => [make('dt', {}, row.label), make('dd', {}, row.value)]));
  switch (message.kind) {
    case 'service_notification':
      return make('article', { class: 'card' }, from('service'), make('h2', {}, message.title), lines(message.lines), make('footer', {}, message.page ? `${say('opens')} · ${message.page}` : say('no_page')));
    case 'alipay_notification':
      return make('article', { class: 'card' }, from('alipay'), make('h2', {}, message.template_id), lines(message.lines), make('footer', {}, message.page ?? say('no_page')));
    case 'in_app':
      return make('article', { class: 'card' }, from('in_app'), make('h2', {}, message.title), make('p', {}, message.body));
    default:
      return make('div', { class: message.kind === 'sms_reply' ? 'bubble mine' : 'bubble' }, make('small', {}, say(message.kind), ' · ', at), message.text);
  }
}

function arrived({ person, message }) {
  const phone = phones.get(person);
  const row = people.find(other => other.id === person);
  if (row) { row.messages += 1; scheduleList(); }
  if (!phone || phone.messages.some(other => other.id === message.id)) return;
  phone.messages.push(message);
  const screen = document.querySelector(`[data-screen="${CSS.escape(person)}"]`);
  if (!screen || phone.messages.length === 1 || message.kind === 'sms') { drawPhones(); document.querySelector(`[data-screen="${CSS.escape(person)}"]`)?.lastElementChild?.classList.add('arrives'); return; }
  const card = drawMessage(message);
  card.classList.add('arrives');
  screen.append(card);
  screen.scrollTop = screen.scrollHeight;
}

async function copy(text) {
  try { await navigator.clipboard.writeText(text); toast(say('copied') + text); } catch { toast(text); }
}

/* ---- prompt and subscriptions ---- */
async function askPrompt(id) {
  const { templates } = await api('GET', '/templates');
  const boxes = new Map();
  const rows = templates.map(template => {
    const box = make('input', { type: 'checkbox' });
    boxes.set(template.priTmplId, box);
    return make('label', { class: 'choice' }, box, make('span', {}, template.title, make('small', {}, template.type === 3 ? say('on') : template.example.split('\n')[0])));
  });
  const keep = make('input', { type: 'checkbox' });
  const settle = answer => tried(async () => {
    const chosen = [...boxes].filter(([, box]) => box.checked).map(([key]) => key);
    $('prompt').close();
    if (!chosen.length) return;
    const answers = Object.fromEntries(chosen.map(key => [key, answer]));
    const result = await api('POST', `/people/${id}/prompts`, { template_ids: chosen, answers, always_keep: keep.checked });
    toast(result.errCode ? `${result.errCode} ${result.errMsg}` : Object.entries(result).filter(([key]) => key !== 'errMsg').map(([key, value]) => `${templates.find(t => t.priTmplId === key)?.title ?? key}: ${value}`).join(' · '));
  });
  $('prompt-form').replaceChildren(make('h2', {}, say('prompt_title')), make('div', { class: 'scroll' }, ...rows),
    make('label', { class: 'choice' }, keep, make('span', {}, say('keep'))),
    make('div', { class: 'row' }, make('button', { type: 'button', class: 'quiet', onclick: settle('reject') }, say('reject')), make('button', { type: 'button', class: 'primary', onclick: settle('accept') }, say('accept'))));
  $('prompt').showModal();
}

async function manage(id) {
  const { main_switch, subscriptions } = await api('GET', `/people/${id}/subscriptions`);
  const toggleAll = make('input', { type: 'checkbox', checked: main_switch, onchange: tried(async event => { await api('PUT', `/people/${id}/main-switch`, { on: event.target.checked }); }) });
  const state = row => (row.kind === 'long_term' ? (row.on ? say('on') : say('none')) : (row.left ? say('left', row.left) : say('none')));
  const rows = subscriptions.map(row => make('div', { class: 'choice' }, make('span', {}, row.title ?? row.template_id, make('small', {}, state(row))),
    make('button', { type: 'button', class: 'quiet', disabled: !row.on, onclick: tried(async () => { await api('POST', `/people/${id}/subscriptions/${encodeURIComponent(row.template_id)}/cancel`); toast(say('cancelled')); $('manage').close(); }) }, say('cancel'))));
  $('manage-body').replaceChildren(make('h2', {}, say('manage')), make('label', { class: 'choice' }, toggleAll, make('span', {}, say('main_switch'))),
    make('div', { class: 'scroll' }, ...(rows.length ? rows : [make('p', { class: 'hint' }, say('no_subscriptions'))])),
    make('div', { class: 'row' }, make('button', { type: 'button', class: 'primary', onclick: () => $('manage').close() }, say('close'))));
  $('manage').showModal();
}

/* ---- knobs ---- */
let faults = { paths: {}, callbacks: {} };

function drawKnobs() {
  const path = $('path').value;
  const draw = (holder, names, held, write) => holder.replaceChildren(...names.map(name => {
    const neutral = NEUTRAL[name] ?? (SWITCHES.includes(name) ? false : name === 'throttle_per_minute' ? null : 0);
    const value = held[name] ?? neutral;
    const input = SWITCHES.includes(name)
      ? make('input', { type: 'checkbox', checked: Boolean(value) })
      : make('input', { type: 'number', step: 'any', value: value ?? '', placeholder: '–', class: value !== neutral ? 'turned' : null });
    input.addEventListener('change', tried(async () => {
      const turned = SWITCHES.includes(name) ? input.checked : input.value === '' ? neutral : Number(input.value);
      write(name, turned);
      await saveFaults();
    }));
    return make('label', {}, make('span', {}, say(name)), input);
  }));
  draw($('path-knobs'), PATH_KNOBS, faults.paths[path] ?? {}, (name, value) => { faults.paths[path] = { ...faults.paths[path], [name]: value }; });
  draw($('callback-knobs'), CALLBACK_KNOBS, faults.callbacks, (name, value) => { faults.callbacks[name] = value; });
}

async function saveFaults() {
  try { faults = await api('PUT', '/faults', faults); } catch (error) { faults = await api('GET', '/faults'); throw error; } finally { drawKnobs(); }
}

async function loadCounters() {
  const counters = await api('GET', '/counters');
  const refused = Object.values(counters.refused['/cgi-bin/message/subscribe/send'] ?? {}).reduce((sum, count) => sum + count, 0);
  const rows = [['accepted', counters.sends.accepted], ['refused', refused], ['delivered', counters.messages.service_notification ?? 0], ['texts', counters.messages.sms ?? 0],
    ['duplicates', counters.duplicates, true], ['pushed', counters.callbacks.pushed], ['pending', counters.callbacks.pending], ['failed', counters.callbacks.failed, true]];
  $('counters').replaceChildren(...rows.flatMap(([word, count, bad]) => [make('dt', {}, say(word)), make('dd', { class: bad && count ? 'bad' : null }, count.toLocaleString())]));
}

/* ---- clock ---- */
let clock = null, heardAt = 0;
function setClock(value) { clock = value; heardAt = performance.now(); drawClock(); }
function drawClock() {
  if (!clock) return;
  const now = new Date(Date.parse(clock.now) + (clock.stands_still ? 0 : performance.now() - heardAt));
  $('now').textContent = now.toLocaleString(language === 'zh' ? 'zh-CN' : 'en-GB', { timeZone: 'Asia/Shanghai', hour12: false });
  $('still').hidden = !clock.stands_still;
}

/* ---- the whole ---- */
function speak() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  document.title = say('title') + ' · ' + say('phones');
  for (const element of document.querySelectorAll('[data-say]')) element.textContent = say(element.dataset.say);
  for (const element of document.querySelectorAll('[data-hint]')) { element.placeholder = say(element.dataset.hint); element.setAttribute('aria-label', say(element.dataset.hint)); }
  $('language').textContent = language === 'zh' ? 'English' : '中文';
  drawLine(); drawPeople(); drawPhones(); drawKnobs(); drawClock(); loadCounters().catch(() => {});
}

let connected = false;
function drawLine() { $('line').textContent = say(connected ? 'live' : 'broken'); $('line').className = 'chip ' + (connected ? 'good' : 'bad'); }

function showTab(name) {
  for (const panel of document.querySelectorAll('[data-panel]')) panel.classList.toggle('shown', panel.dataset.panel === name);
  for (const tab of document.querySelectorAll('[data-tab]')) tab.setAttribute('aria-selected', String(tab.dataset.tab === name));
}

async function newPerson() {
  const phone = $('phone').value.trim();
  const person = await api('POST', '/people', phone ? { phone } : {});
  $('phone').value = '';
  await loadPeople();
  if (!open.includes(person.id)) await toggle(person.id);
}

async function refresh() {
  const [, held, callback, time] = await Promise.all([loadPeople(), api('GET', '/faults'), api('GET', '/callback'), api('GET', '/clock')]);
  faults = held;
  if (callback.configured) { $('cb-url').value = callback.url; $('cb-mode').value = callback.mode; $('cb-format').value = callback.format; }
  setClock(time);
  phones.clear();
  await openChanged();
  drawKnobs();
  await loadCounters();
}

/* A campaign brings thousands of events: figures and list are drawn at most once a second. */
let listTimer = null;
function scheduleList() { listTimer ??= setTimeout(() => { listTimer = null; drawPeople(); loadCounters().catch(() => {}); }, 1000); }

function listen() {
  const events = new EventSource('/sandbox/api/events');
  events.onopen = () => { connected = true; drawLine(); refresh().catch(() => {}); };
  events.onerror = () => { connected = false; drawLine(); };
  events.onmessage = ({ data }) => {
    const { type, event } = JSON.parse(data);
    if (type === 'message') arrived(event);
    else if (type === 'clock') setClock(event);
    else if (type === 'subscription') scheduleList();
    else refresh().catch(() => {});
    scheduleList();
  };
}

$('language').addEventListener('click', () => { language = language === 'zh' ? 'en' : 'zh'; store.set('sandbox-language', language); speak(); });
let searchTimer;
$('query').addEventListener('input', () => { clearTimeout(searchTimer); searchTimer = setTimeout(tried(() => loadPeople()), 200); });
$('search').addEventListener('submit', tried(() => loadPeople()));
$('make').addEventListener('submit', tried(newPerson));
$('more').addEventListener('click', tried(() => loadPeople(true)));
$('path').addEventListener('change', drawKnobs);
$('calm').addEventListener('click', tried(async () => { faults = { paths: {}, callbacks: {} }; await saveFaults(); toast(say('calmed')); }));
$('revoke').addEventListener('click', tried(async () => toast(say('revoked', (await api('POST', '/tokens/revoke', {})).revoked))));
for (const button of document.querySelectorAll('[data-step]')) button.addEventListener('click', tried(async () => setClock(await api('PUT', '/clock', { advance_seconds: Number(button.dataset.step) }))));
$('freeze').addEventListener('click', tried(async () => setClock(await api('PUT', '/clock', { now: (await api('GET', '/clock')).now }))));
$('run').addEventListener('click', tried(async () => setClock(await api('PUT', '/clock', { system: true }))));
$('callback').addEventListener('submit', tried(async () => {
  const target = { url: $('cb-url').value, token: $('cb-token').value, aes_key: $('cb-key').value || null, mode: $('cb-mode').value, format: $('cb-format').value };
  await api('PUT', '/callback', { target });
  toast(say('verified'));
}));
$('cb-off').addEventListener('click', tried(async () => { await api('PUT', '/callback', { target: null }); toast(say('switched_off')); }));
for (const tab of document.querySelectorAll('[data-tab]')) tab.addEventListener('click', () => showTab(tab.dataset.tab));
setInterval(drawClock, 1000);
showTab(open.length ? 'phones' : 'people');
speak();
listen();
