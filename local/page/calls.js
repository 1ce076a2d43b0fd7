// Calls of the API and of the local server, with a token for the chosen person.
import { h } from './elements.js';
import { state } from './state.js';

/** A refusal, with the API's problem document. */
export class Refused extends Error {
  constructor(problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

const tokens = new Map();

/** @param {import('./state.js').Actor} who */
async function tokenFor(who) {
  const key = `${who.id} ${who.mfa}`;
  if (!tokens.has(key)) {
    const subject = who.email ? { email: who.email } : { principal: who.principal };
    const { token } = await send('POST', '/local/token', { ...subject, ...(who.mfa && { mfa: true }) });
    tokens.set(key, token);
  }
  return tokens.get(key);
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @param {Record<string, string>} headers
 * @returns {Promise<any>}
 */
export async function send(method, path, body, headers = {}, isQuiet = false) {
  const response = await fetch(path, {
    method,
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!isQuiet) remember(method, path, response.status);
  const answer = await response.json();
  if (!response.ok) throw new Refused(answer);
  return answer;
}

/**
 * One call of the API as the given person.
 * @param {import('./state.js').Actor} who
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @param {boolean} [isQuiet] not shown among the calls
 */
export async function api(who, method, path, body, isQuiet) {
  return send(method, `/v1${path}`, body, { authorization: `Bearer ${await tokenFor(who)}` }, isQuiet);
}

function remember(method, path, status) {
  state.calls.unshift({ method, path, status });
  state.calls.length = Math.min(state.calls.length, 60);
  document.getElementById('call-count').textContent = `(${state.calls.length})`;
  document
    .getElementById('calls')
    .replaceChildren(
      ...state.calls.map((call) => h('li', {}, h('code', {}, `${call.method} ${call.path} → ${call.status}`))),
    );
}
