/** WeChat's question as a demo's browser shows it; the answer goes to the sandbox, which tells the server as WeChat would. */
// #ifdef H5
import { createApp } from 'vue'
import PromptSheet from '@/parts/prompt-sheet.vue'
import { chosenPhone, sandboxAnswers, sandboxPrompt } from './sandbox'
import { answersOf, type Answers, type SubscriptionTemplate } from './subscribe'

export async function askInBrowser(templates: SubscriptionTemplate[]): Promise<Answers> {
  if (!chosenPhone() || !(await sandboxAnswers())) return {}
  const said = await shown(templates)
  return answersOf(templates, await sandboxPrompt(said))
}

function shown(templates: SubscriptionTemplate[]): Promise<Answers> {
  return new Promise((resolve) => {
    const place = document.createElement('div')
    document.body.appendChild(place)
    const sheet = createApp(PromptSheet, {
      templates,
      onAnswer: (answers: Answers) => {
        sheet.unmount()
        place.remove()
        resolve(answers)
      },
    })
    sheet.mount(place)
  })
}
// #endif
