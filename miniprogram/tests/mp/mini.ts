/**
 * The built WeChat package, run by WeChat's own component engine and template compiler without a phone: its templates are
 * compiled, its scripts run with the `wx` that a test gives, taps reach handlers and `setData` reaches the tree. It has no layout,
 * no styles and no devices.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import * as adapter from 'glass-easel-miniprogram-adapter'
import { TmplGroup } from 'glass-easel-template-compiler'

const { glassEasel } = adapter
type Node = adapter.glassEasel.Node
type Element = adapter.glassEasel.Element
type Wx = Record<string, (options: Record<string, unknown>) => unknown>

interface Config {
  pages: string[]
  subPackages?: Array<{ root: string; pages: string[] }>
}

interface Found {
  code?: unknown
  level?: number
  message?: string
  isFatal?: boolean
}

/** The page's own object, on which uni-app and WeChat put their methods. */
type Instance = Record<string, unknown> & { route?: string; options?: Record<string, string> }

/**
 * Said by the engine about what WeChat allows: an attribute of the platform on a component, what uni-app hands to a virtual host,
 * and a list that is not there before the first `setData`.
 */
const HARMLESS = /^warning: ("(hidden|virtualHostClass|virtualHostStyle|virtualHostHidden|virtualHostId|key)" is not a valid property|The for-list data is neither Array nor Object, got type "undefined")/

export interface OpenPage {
  /** All that is to be read on it. */
  text: () => string
  has: (testid: string) => boolean
  /** The test ids on it that begin so. */
  ids: (beginning: string) => string[]
  /** Waits for what an answer brings. */
  until: (is: () => boolean) => Promise<void>
  emit: (testid: string, event: string, detail?: unknown) => Promise<void>
  tap: (testid: string) => Promise<void>
  type: (testid: string, value: string) => Promise<void>
  close: () => void
}

export interface Mini {
  config: Config
  paths: string[]
  problems: string[]
  open: (path: string, query?: Record<string, string>) => Promise<OpenPage>
}

function files(folder: string, ending: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) return files(path, ending)
    return path.endsWith(ending) ? [path] : []
  })
}

/** As WeChat behaves, and the engine by itself does not. */
function behaveLikeWeChat(): void {
  // uni-app puts handlers on the instance, not among the methods.
  glassEasel.globalOptions.useMethodCallerListeners = true
  glassEasel.globalOptions.throwGlobalError = false
  glassEasel.Event.prototype.wrapShadowedEvent = plainEvent
}

/** uni-app writes to the event and clones it, so it has to be a plain object. */
function plainEvent(this: adapter.glassEasel.Event<unknown>, target: Element, mark: Record<string, unknown> | null, currentTarget: Element): adapter.glassEasel.ShadowedEvent<unknown> {
  const side = (of: Element): object => ({ id: of.id, dataset: of.dataset, offsetLeft: 0, offsetTop: 0 })
  const plain = { type: this.type, timeStamp: this.timeStamp, detail: this.detail, mark: mark ?? {}, target: side(target), currentTarget: side(currentTarget), touches: [], changedTouches: [] }
  return plain as unknown as adapter.glassEasel.ShadowedEvent<unknown>
}

export function launch(folder: string, wx: Wx, stored = new Map<string, unknown>()): Mini {
  behaveLikeWeChat()
  const problems: string[] = []
  const tell = (problem: string): boolean => {
    if (!HARMLESS.test(problem)) problems.push(problem)
    // The engine prints what nobody has heard.
    return false
  }
  glassEasel.addGlobalErrorListener((error: unknown) => tell(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`))
  glassEasel.addGlobalWarningListener((message: unknown) => tell(`warning: ${String(message)}`))

  const nameOf = (path: string, ending: string): string => relative(folder, path).slice(0, -ending.length)
  const read = (path: string): string => readFileSync(join(folder, path), 'utf8')
  const config = JSON.parse(read('app.json')) as Config
  const paths = [...config.pages, ...(config.subPackages ?? []).flatMap(({ root, pages }) => pages.map((page) => `${root}/${page}`))]

  const env = new adapter.MiniProgramEnv()
  const backend = env.associateBackend()
  const space = env.createCodeSpace('app', true)

  const group = new TmplGroup()
  const templates = files(folder, '.wxml').map((path) => nameOf(path, '.wxml'))
  for (const name of templates) {
    for (const found of group.addTmpl(name, read(`${name}.wxml`)) as Found[]) problems.push(`${name}.wxml: ${found.message ?? JSON.stringify(found)}`)
  }
  const made = new Function(`return ${group.getTmplGenObjectGroups()}`)() as Record<string, unknown>
  for (const name of templates) {
    space.addCompiledTemplate(name, { groupList: made, content: made[name], fallbackListenerOnNativeNode: true } as unknown as adapter.glassEasel.template.ComponentTemplate)
    space.addComponentStaticConfig(name, JSON.parse(read(`${name}.json`)) as Parameters<typeof space.addComponentStaticConfig>[1])
  }

  const instances: Instance[] = []
  let app: Instance = {}
  // The scripts keep these when they are loaded; what they define belongs to the file that is being loaded then.
  let defining: Record<string, (of: object) => unknown> = {}
  const defines = (name: string) => (of: object): unknown => defining[name]?.(of)
  const globals: Record<string, unknown> = {
    Page: defines('Page'),
    Component: defines('Component'),
    Behavior: defines('Behavior'),
    global: globalThis,
    wx: withPlatform(wx, stored),
    App: (of: Instance) => (app = of),
    getApp: () => app,
    getCurrentPages: () => instances,
    __wxConfig: {},
  }
  Object.assign(globalThis, globals)

  const modules = new Map<string, { exports: Record<string, unknown> }>()
  function load(path: string): Record<string, unknown> {
    const known = modules.get(path)
    if (known) return known.exports
    const module = { exports: {} as Record<string, unknown> }
    modules.set(path, module)
    const require = (to: string): Record<string, unknown> => load(normalize(join(dirname(path), to.endsWith('.js') ? to : `${to}.js`)))
    new Function('require', 'module', 'exports', read(path))(require, module, module.exports)
    return module.exports
  }
  load('app.js')
  const call = (of: Instance, name: string, argument?: unknown): void => {
    const method = of[name]
    if (typeof method === 'function') method.call(of, argument)
  }
  call(app, 'onLaunch', { path: config.pages[0], query: {}, scene: 1001 })
  call(app, 'onShow', { path: config.pages[0], query: {}, scene: 1001 })
  for (const name of templates) {
    space.componentEnv(name, (definitions) => {
      defining = definitions as unknown as typeof defining
      load(`${name}.js`)
    })
  }

  async function open(path: string, query: Record<string, string> = {}): Promise<OpenPage> {
    const root = backend.createRoot('page', space, path)
    const place = document.createElement('div')
    document.body.appendChild(place)
    const component = root.getComponent()
    const instance = root.get() as unknown as Instance
    instance.route = path
    instance.options = query
    instances.push(instance)
    root.attach(document.body as unknown as adapter.glassEasel.GeneralBackendElement, place as unknown as adapter.glassEasel.GeneralBackendElement)
    call(instance, 'onLoad', query)
    call(instance, 'onShow')
    ready(component as unknown as Element)
    call(instance, 'onReady')
    await calm()

    const find = (testid: string): Element => {
      const found = all(component as unknown as Element).find((each) => idOf(each) === testid)
      if (!found) throw new Error(`${path} shows nothing called ${testid}: ${text(component as unknown as Element)}`)
      return found
    }
    const emit = async (testid: string, event: string, detail: unknown = {}): Promise<void> => {
      find(testid).triggerEvent(event, detail, { bubbles: true, composed: true })
      await calm()
      ready(component as unknown as Element)
      await calm()
    }
    return {
      text: () => text(component as unknown as Element),
      has: (testid) => all(component as unknown as Element).some((each) => idOf(each) === testid),
      ids: (beginning) => all(component as unknown as Element).map(idOf).filter((id) => id?.startsWith(beginning)) as string[],
      until: async (is) => {
        const end = Date.now() + PATIENCE_MS
        while (!is()) {
          if (Date.now() > end) throw new Error(`${path} did not come to it: ${text(component as unknown as Element)}`)
          await calm()
        }
      },
      emit,
      tap: (testid) => emit(testid, 'tap'),
      type: (testid, value) => emit(testid, 'input', { value }),
      close: () => {
        call(instance, 'onHide')
        call(instance, 'onUnload')
        instances.splice(instances.indexOf(instance), 1)
        root.release()
      },
    }
  }
  return { config, paths, problems, open }
}

/** What only asks about the phone has an answer; the rest a test gives, or it is not there and calling it is a problem. */
function withPlatform(wx: Wx, stored: Map<string, unknown>): object {
  const quiet = (): undefined => undefined
  const size = { windowWidth: 375, windowHeight: 812, screenWidth: 375, screenHeight: 812, statusBarHeight: 44, pixelRatio: 2, safeArea: { top: 44, bottom: 778, left: 0, right: 375 }, safeAreaInsets: { top: 44, bottom: 34, left: 0, right: 0 } }
  const about = { ...size, language: 'zh_CN', platform: 'ios', system: 'iOS 17.0', model: 'iPhone', brand: 'Apple', SDKVersion: '3.5.0', version: '8.0.50', theme: 'light', fontSizeSetting: 17 }
  const menu = { top: 48, bottom: 80, left: 281, right: 368, width: 87, height: 32 }
  const known: Record<string, unknown> = {
    getSystemInfoSync: () => about, getWindowInfo: () => size, getDeviceInfo: () => about, getAppBaseInfo: () => about, getSystemSetting: () => ({}),
    getAppAuthorizeSetting: () => ({}), getMenuButtonBoundingClientRect: () => menu, getLaunchOptionsSync: () => ({ query: {}, scene: 1001 }), getEnterOptionsSync: () => ({ query: {}, scene: 1001 }),
    getAccountInfoSync: () => ({ miniProgram: { appId: 'touristappid', envVersion: 'develop' } }), canIUse: () => true,
    getStorageSync: (name: string) => stored.get(name) ?? '', setStorageSync: (name: string, value: unknown) => stored.set(name, value), removeStorageSync: (name: string) => stored.delete(name),
    getNetworkType: (of: { success?: (answer: object) => void }) => of.success?.({ networkType: 'wifi' }),
    nextTick: (act: () => void) => queueMicrotask(act),
    ...Object.fromEntries(['onNetworkStatusChange', 'onThemeChange', 'onAppShow', 'onAppHide', 'setNavigationBarTitle', 'setNavigationBarColor', 'setTabBarItem', 'setTabBarStyle', 'stopPullDownRefresh', 'showToast', 'vibrateShort', 'vibrateLong', 'setKeepScreenOn', 'setScreenBrightness', 'getScreenBrightness', 'setBackgroundColor', 'setBackgroundTextStyle', 'onError', 'onUnhandledRejection', 'onPageNotFound', 'hideToast', 'showShareMenu'].map((name) => [name, quiet])),
    ...wx,
  }
  return known
}

const PATIENCE_MS = 15_000

const idOf = (of: Element): string | undefined => (of.dataset as { testid?: string }).testid

function all(of: Node): Element[] {
  const found: Element[] = []
  const visit = (node: Node): void => {
    if (!glassEasel.TextNode.isTextNode(node)) {
      found.push(node as Element)
      ;(node as Element).forEachComposedChild((child) => void visit(child))
    }
  }
  visit(of)
  return found
}

function text(of: Element): string {
  const said: string[] = []
  const visit = (node: Node): void => {
    if (glassEasel.TextNode.isTextNode(node)) said.push(node.textContent)
    else (node as Element).forEachComposedChild((child) => void visit(child))
  }
  visit(of)
  return said.map((each) => each.trim()).filter(Boolean).join(' ')
}

const wasReady = new WeakSet<Element>()

/** WeChat tells `ready` children first, once each. */
function ready(of: Element): void {
  for (const each of all(of).reverse()) {
    if (!glassEasel.Component.isComponent(each) || wasReady.has(each)) continue
    wasReady.add(each)
    ;(each as unknown as { triggerLifetime: (name: string, args: unknown[]) => void }).triggerLifetime('ready', [])
  }
}

/** Until the answers that are on their way have been shown. */
async function calm(): Promise<void> {
  for (let turn = 0; turn < 12; turn += 1) await new Promise((done) => setTimeout(done, 0))
}
