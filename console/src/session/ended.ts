import { Problem } from '@/api/problem'
import { forget } from './token'

/** A session that can't be renewed leads back to the sign-in page; App watches for it. */
export function signOutIfEnded(error: unknown) {
  if (error instanceof Problem && error.status === 401) forget()
}
