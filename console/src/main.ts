import { MutationCache, QueryCache, QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { createApp } from 'vue'
import App from './App.vue'
import { Problem } from './api/problem'
import { makeRouter } from './router'
import { restoreSession } from './session/session'
import { signOutIfEnded } from './session/ended'
import { restoreLanguage } from './words'
import 'tdesign-vue-next/es/style/index.css'
import './theme/tokens.css'
import './theme/tdesign.css'
import './theme/base.css'
import './theme/mode'

/** Rules and wrong fields answer the same the second time; only what may pass is tried again. */
function isWorthAnotherTry(failures: number, error: Error): boolean {
  const isPassing = error instanceof Problem && (error.status === 0 || error.status >= 500)
  return isPassing && failures < 2
}

const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: signOutIfEnded }),
  mutationCache: new MutationCache({ onError: signOutIfEnded }),
  defaultOptions: {
    queries: { retry: isWorthAnotherTry, staleTime: 10_000, refetchOnWindowFocus: true },
    mutations: { retry: false },
  },
})

async function start() {
  await Promise.all([restoreLanguage(), restoreSession()])
  createApp(App).use(VueQueryPlugin, { queryClient }).use(makeRouter()).mount('#app')
}

void start()
