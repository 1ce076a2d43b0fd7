// The log: one line of JSON per event, with a code from a closed list.
import type { App, Log } from './app.ts';

/**
 * @param write takes one line, without its line break
 * @param clock epoch milliseconds
 */
export function jsonLog(write: (line: string) => void, clock: App['clock']): Log {
  return (code, fields = {}) => {
    const own = { time: new Date(clock()).toISOString(), code };
    // the type refuses fields of these names; behind, they win over one that came as plain data
    write(JSON.stringify(Object.assign({}, own, fields, own)));
  };
}
