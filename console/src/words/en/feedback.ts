import type { Words } from '../zh-CN'

const words: Words['feedback'] = {
  title: 'Feedback',
  lead: 'What members write: messages, complaints, suggestions. They read your reply in their inbox.',
  due: 'Complaints due',
  open: 'Waiting',
  answered: 'Answered',
  closed: 'Closed',
  all: 'All',
  message: 'Message',
  complaint: 'Complaint',
  suggestion: 'Suggestion',
  overdue: 'Overdue',
  dueAt: 'Answer by {time}',
  order: 'Order {no}',
  left: 'The member has left; the text is erased',
  member: 'A member',
  formerStaff: 'Staff',
  reply: 'Reply',
  replyLabel: 'Your reply',
  replyHint: 'The member reads it in the inbox.',
  send: 'Send reply',
  sent: 'Replied',
  close: 'Close',
  closeTitle: 'Close this feedback',
  closeBody: 'It no longer waits for anybody. The member can write again.',
  closedNow: 'Closed',
  none: 'Nothing waits for a reply',
  noneHint: 'What members write under “Me · Feedback” in the mini-program shows here.',
  noneDue: 'No complaint is due',
}

export default words
