// The address that emails come from, with the name that readers see beside it.

export type Sender = { name: string; address: string };

const address = "[\\w.!#$%&'*+/=?^`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?";
/** Alone, after a name, or after a name in double quotes, in which `\` takes the next character as it is (RFC 5322, 3.4). */
const form = new RegExp(`^(?:(${address})|(?:"((?:[^"\\\\]|\\\\.)*)"|([^"<>\\\\]*)) <(${address})>)$`, 'su');

/**
 * @param text `lk@example.com`, `Latchkey <lk@example.com>` or `"Latchkey, Ops" <lk@example.com>`, in any script
 * @returns undefined for anything else, also for a name with control or formatting characters or one that is encoded already
 */
export function senderOf(text: string): Sender | undefined {
  const [, alone, quoted, plain, named] = form.exec(text) ?? [];
  if (alone !== undefined) return { name: '', address: alone };
  if (named === undefined) return undefined;
  const name = quoted?.replace(/\\(.)/gsu, '$1') ?? plain ?? '';
  const isWhole = name.trim() !== '' && name.length <= 100 && !/[\p{C}\u2028\u2029]|=\?/u.test(name);
  return isWhole ? { name, address: named } : undefined;
}
