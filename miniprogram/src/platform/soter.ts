/** SOTER, the fingerprint or face that WeChat asks for. A browser has passkeys instead. */

type Mode = 'fingerPrint' | 'facial'

export interface SoterAnswer {
  result_json: string
  result_json_signature: string
}

// #ifdef MP-WEIXIN
/** WeChat's first word on what the phone can; what the owner has not set up fails at the question. */
function modeHere(): Promise<Mode | undefined> {
  return new Promise((resolve) => {
    uni.checkIsSupportSoterAuthentication({
      success: ({ supportMode }) => resolve((['fingerPrint', 'facial'] as const).find((mode) => supportMode.includes(mode))),
      fail: () => resolve(undefined),
    })
  })
}
// #endif

export async function hasSoter(): Promise<boolean> {
  // #ifdef MP-WEIXIN
  return (await modeHere()) !== undefined
  // #endif
  // #ifndef MP-WEIXIN
  return false
  // #endif
}

/** Lets the phone's chip sign the server's challenge; undefined when the person let it be. */
export async function useSoter(challenge: string, authContent: string): Promise<SoterAnswer | undefined> {
  // #ifdef MP-WEIXIN
  const mode = await modeHere()
  if (!mode) return undefined
  return new Promise((resolve) => {
    uni.startSoterAuthentication({
      requestAuthModes: [mode],
      challenge,
      authContent,
      success: ({ resultJSON, resultJSONSignature }) => resolve({ result_json: resultJSON ?? '', result_json_signature: resultJSONSignature ?? '' }),
      fail: () => resolve(undefined),
    })
  })
  // #endif
  // #ifndef MP-WEIXIN
  void [challenge, authContent]
  return undefined
  // #endif
}
