import { computed, ref, watchEffect } from 'vue'

/** What the person chose; `system` follows the device. */
export type ThemeChoice = 'light' | 'dark' | 'system'

const KEY = 'huike.theme'
const device = window.matchMedia('(prefers-color-scheme: dark)')
const isDeviceDark = ref(device.matches)
device.addEventListener('change', (event) => (isDeviceDark.value = event.matches))

function stored(): ThemeChoice {
  const value = localStorage.getItem(KEY)
  return value === 'light' || value === 'dark' ? value : 'system'
}

export const themeChoice = ref<ThemeChoice>(stored())
export const isDark = computed(() =>
  themeChoice.value === 'system' ? isDeviceDark.value : themeChoice.value === 'dark',
)

export function chooseTheme(choice: ThemeChoice) {
  themeChoice.value = choice
  localStorage.setItem(KEY, choice)
}

watchEffect(() => document.documentElement.setAttribute('theme-mode', isDark.value ? 'dark' : 'light'))
