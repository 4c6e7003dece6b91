/** The route table as a router, with the guards: signed in, one-time password changed, something here for the role. */
import { createRouter, createWebHistory, type RouteLocationNormalized, type RouteRecordRaw } from 'vue-router'
import { firstPlaceFor, places } from './routes'
import { may, mustChangePassword, mustTurnOnSecondFactor, staff } from './session/session'
import { t } from './words'
import { usesConsole, type Permission } from './access'
import type { WordKey } from './words'

declare module 'vue-router' {
  interface RouteMeta {
    /** Without the navigation around it. */
    bare?: boolean
    /** Open to those who are not signed in. */
    open?: boolean
    needs?: Permission
    title?: WordKey
    /** The menu entry that is lit. */
    under?: string
  }
}

const own: RouteRecordRaw[] = [
  {
    name: 'sign-in',
    path: '/sign-in',
    component: () => import('@/pages/sign-in/SignInPage.vue'),
    meta: { bare: true, open: true, title: 'session.signIn' },
  },
  {
    name: 'password',
    path: '/password',
    component: () => import('@/pages/sign-in/PasswordPage.vue'),
    meta: { bare: true, title: 'session.changeTitle' },
  },
  {
    name: 'no-console',
    path: '/no-console',
    component: () => import('@/pages/sign-in/NoConsolePage.vue'),
    meta: { bare: true, title: 'session.noConsole' },
  },
  {
    name: 'account',
    path: '/account',
    component: () => import('@/pages/account/AccountPage.vue'),
    meta: { title: 'account.title' },
  },
  { name: 'home', path: '/', redirect: () => ({ name: staff.value ? firstPlaceFor(may)?.name ?? 'no-console' : 'sign-in' }) },
  {
    name: 'not-found',
    path: '/:rest(.*)*',
    component: () => import('@/layout/NotFound.vue'),
    meta: { title: 'common.notFound' },
  },
]

export function makeRouter() {
  const router = createRouter({
    history: createWebHistory('/console/'),
    routes: [
      ...places.map((place) => ({
        name: place.name,
        path: place.path,
        component: place.component,
        meta: { needs: place.needs, title: place.title, under: place.under ?? place.name },
      })),
      ...own,
    ] as RouteRecordRaw[],
    scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? undefined : { top: 0 }),
  })
  router.beforeEach((to) => guard(to))
  router.afterEach((to) => {
    document.title = to.meta.title ? `${t(to.meta.title)} · ${t('common.brand')}` : t('common.brand')
  })
  return router
}

/** Where to go instead; true: as asked. A page that the role may not see keeps its address, the layout says why it is closed. */
export function guard(to: RouteLocationNormalized) {
  if (!staff.value) {
    return to.meta.open ? true : { name: 'sign-in', query: to.fullPath === '/' ? {} : { to: to.fullPath } }
  }
  if (mustChangePassword.value) return to.name === 'password' ? true : { name: 'password' }
  if (mustTurnOnSecondFactor.value) return to.name === 'account' ? true : { name: 'account' }
  if (to.name === 'sign-in') return { name: 'home' }
  if (!usesConsole(staff.value.role)) return to.name === 'no-console' ? true : { name: 'no-console' }
  return to.name === 'no-console' ? { name: 'home' } : true
}
