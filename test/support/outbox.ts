// Classifies emails by subject: questions begin with the requester, all others with what happened.

/** `Decision needed`, `Reminder`, or the title of a report such as `Approved`. */
export function titleOf(subject: string): string {
  const calm = subject.replace('[High risk] ', '');
  return calm.startsWith('\u2068') ? 'Decision needed' : calm.split(':')[0]!;
}
