// Try the credentials: an AWS call signed in this page, as the AWS CLI would sign it, and its result.
import { action } from './drawing.js';
import { h, say } from './elements.js';
import { clock, state } from './state.js';
import { instant } from './words.js';

const most = 6;

/**
 * Takes what is needed to sign with, and forgets the secret: the browser holds it as a key that nothing can read again. It is gone with
 * the page, or when the story starts again.
 */
export async function takeSession({ AccessKeyId, SecretAccessKey, SessionToken }) {
  const key = await crypto.subtle.importKey(
    'raw',
    bytes(`AWS4${SecretAccessKey}`),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign'],
  );
  Object.assign(state, { session: { accessKeyId: AccessKeyId, token: SessionToken, key }, uses: [] });
}

/** The button, and AWS's answer to each use. @param step id of the step that shows it */
export function sessionPanel(step) {
  if (!state.session) return undefined;
  return h(
    'div',
    { class: 'session' },
    h('h3', {}, 'Try the credentials'),
    h(
      'p',
      { class: 'soft' },
      'This page signs a call with the keys and sends it to the AWS emulator: ',
      h('code', {}, 'sts:GetCallerIdentity'),
      ', as an example of any call. (On real AWS, GetCallerIdentity cannot be denied.)',
    ),
    h('p', {}, action(step, 'Use the session', useSession, state.uses.length === 0 ? 'main' : '')),
    state.uses.length > 0 &&
      h(
        'ol',
        { class: 'uses', 'aria-label': 'What AWS answered' },
        ...state.uses.map(({ at, isAllowed, text }) =>
          h(
            'li',
            {},
            h('span', { class: `badge ${isAllowed ? 'good' : 'bad'}` }, isAllowed ? 'allowed' : 'denied'),
            ` ${text}`,
            h('span', { class: 'soft' }, ` ${at}`),
          ),
        ),
      ),
  );
}

async function useSession() {
  const outcome = outcomeOf(await callAws(state.session, 'Action=GetCallerIdentity&Version=2011-06-15'));
  state.uses = [{ at: instant(clock()), ...outcome }, ...state.uses].slice(0, most);
  say(`${outcome.isAllowed ? 'Allowed' : 'Denied'}: ${outcome.text}`);
}

/** AWS's message says which policy denied the call. This explains what that means here. */
function outcomeOf({ ok, text }) {
  const said = (name) =>
    new DOMParser().parseFromString(text, 'text/xml').getElementsByTagName(name)[0]?.textContent ?? '';
  if (ok) return { isAllowed: true, text: `as ${said('Arn')}` };
  const [code, message] = [said('Code'), said('Message')];
  if (code === 'ExpiredToken') return { isAllowed: false, text: 'the session has expired (ExpiredToken).' };
  if (message.includes('identity-based policy'))
    return { isAllowed: false, text: "the role's policy LatchkeyRevocations denies the sessions of this request." };
  if (message.includes('session policy'))
    return { isAllowed: false, text: 'the grant has ended, and the session policy denies everything after its end.' };
  return { isAllowed: false, text: code };
}

// -- Signature Version 4 ---------------------------------------------------------------------------------------------

/** A call of STS at the emulator, by the machine's own clock, as SDKs sign. */
async function callAws({ accessKeyId, token, key }, body) {
  const [path, type] = ['/local/aws/', 'application/x-www-form-urlencoded'];
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = `${date.slice(0, 8)}/us-east-1/sts/aws4_request`;
  const headers = { 'content-type': type, host: location.host, 'x-amz-date': date, 'x-amz-security-token': token };
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = ['POST', path, '', lines.join(''), names, await sha256(body)].join('\n');
  let signing = key;
  for (const part of scope.split('/')) signing = await hmacKey(await hmac(signing, part));
  const signature = hex(await hmac(signing, ['AWS4-HMAC-SHA256', date, scope, await sha256(canonical)].join('\n')));
  const { host: _, ...sent } = headers;
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  const answer = await fetch(path, { method: 'POST', headers: { ...sent, authorization }, body });
  return { ok: answer.ok, text: await answer.text() };
}

const bytes = (text) => new TextEncoder().encode(text);
const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const sha256 = async (text) => hex(await crypto.subtle.digest('SHA-256', bytes(text)));
const hmac = (key, text) => crypto.subtle.sign('HMAC', key, bytes(text));
const hmacKey = (raw) => crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
