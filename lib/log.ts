// The log: one line of JSON per event, with a code from a closed list.
import type { App, Log } from './app.ts';

/**
 * @param write takes one line, without its line break
 * @param clock epoch milliseconds
 */
export function jsonLog(write: (line: string) => void, clock: App['clock']): Log {
  return (code, fields = {}) => {
    const own = { time: new Date(clock()).toISOString(), code };
    // the type forbids fields of these names; the last one also overrides a field from plain data
    write(JSON.stringify(Object.assign({}, own, fields, own)));
  };
}
