// JSON from files, programs and other machines, which may be anything else.

/** @returns undefined for what is no JSON */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * JSON of a server that people will read on a terminal: what could steer one, or turn a line around, is taken out of every text and name in it.
 * @returns undefined for what is no JSON
 */
export const inertJson = (text: string): unknown => inert(parsedJson(text));

function inert(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(steering, '');
  if (Array.isArray(value)) return value.map(inert);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name.replace(steering, ''), inert(inner)]));
}
/** Control characters but the tab and the end of a line, and the directional ones. */
const steering = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** @returns an object with nothing in it for what is no JSON, or JSON of another kind */
export function jsonObject(text: string): Record<string, unknown> {
  const value = parsedJson(text);
  return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
}
