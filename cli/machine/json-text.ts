// Parses JSON from files, programs and servers, which may send anything.

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
 * Parses JSON of a server whose texts are shown on a terminal: removes control and bidirectional characters from every name and value.
 * @returns undefined for what is no JSON
 */
export const inertJson = (text: string): unknown => inert(parsedJson(text));

function inert(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(steering, '');
  if (Array.isArray(value)) return value.map(inert);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name.replace(steering, ''), inert(inner)]));
}
/** Control characters except tab and line feed, and bidirectional formatting characters. */
const steering = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** @returns an empty object if the text is not a JSON object */
export function jsonObject(text: string): Record<string, unknown> {
  const value = parsedJson(text);
  return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
}
