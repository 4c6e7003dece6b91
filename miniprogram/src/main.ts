import 'virtual:icons.css'
import { createSSRApp } from 'vue'
import { landFromAlipay } from '@/platform/alipay'
import App from './App.vue'

export function createApp() {
  landFromAlipay()
  return { app: createSSRApp(App) }
}
