import 'virtual:icons.css'
import { createSSRApp, type App as Vue } from 'vue'
import { landFromAlipay } from '@/platform/alipay'
import { isReadable, locale, readWords } from '@/words'
import App from './App.vue'

/** A page that is English does not begin in Chinese: it waits for its words, unless they can't be had. */
function whenReadable(app: Vue): Vue {
  if (isReadable()) return app
  const mount = app.mount
  const late = (place: Element): void => void readWords(locale.value).then(() => mount(place), () => mount(place))
  app.mount = late as unknown as typeof mount
  return app
}

export function createApp() {
  landFromAlipay()
  return { app: whenReadable(createSSRApp(App)) }
}
