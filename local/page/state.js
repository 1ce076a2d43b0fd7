// The state of the page: the chosen person, the request that is followed, and the API's answers.

const given = JSON.parse(document.getElementById('given').textContent);

/** @type {Actor[]} */
export const actors = given.actors.map((actor) => ({ ...actor, id: actor.email ?? actor.principal }));
/**
 * @import { ConsoleView, CredentialsView, ExplanationView, MeView, RequestView, RoleView } from '../../lib/http/answers.ts'
 * @typedef {{ id: string, email?: string, principal?: string, kind: string, name?: string, groups: string[], mfa?: boolean }} Actor
 * @typedef {{ id: string, to: string, subject: string, at: string, text: string }} Mail
 * @typedef {{ pointer: string, detail: string }} FieldError
 * @typedef {{ kind: string, title: string, text: string, errors?: FieldError[], code?: string }} Note
 * @typedef {{ accessKeyId: string, token: string, key: CryptoKey }} Session
 */

/**
 * @type {{
 *   shift: number, actor?: Actor, mfa: boolean, me?: MeView, roles: RoleView[], known: RequestView[], toDecide: RequestView[], role?: RoleView,
 *   explanation?: ExplanationView, owner?: Actor, decider?: Actor, request?: RequestView, mails: Mail[], openMail?: string,
 *   credentials?: CredentialsView, isRevealed: boolean, session?: Session,
 *   uses: Array<{ at: string, isAllowed: boolean, text: string }>, console?: ConsoleView,
 *   sts: Array<Record<string, string>>, notes: Record<string, Note>, calls: Array<{ method: string, path: string, status: number }>,
 * }}
 */
export const state = {
  /** Latchkey's clock minus this machine's, in milliseconds */
  shift: given.now - Date.now(),
  actor: undefined,
  mfa: false,
  me: undefined,
  roles: [],
  known: [],
  /** pending requests that wait for the chosen person */
  toDecide: [],
  role: undefined,
  explanation: undefined,
  /** whose request is followed, signed in as at filing */
  owner: undefined,
  /** the approver who opened it to decide */
  decider: undefined,
  request: undefined,
  mails: [],
  openMail: undefined,
  credentials: undefined,
  isRevealed: false,
  /** the key that signs calls, and the results of the calls */
  session: undefined,
  uses: [],
  console: undefined,
  sts: [],
  /** step id -> the message shown there */
  notes: {},
  calls: [],
};
export const clock = () => Date.now() + state.shift;

/** @param {RequestView} request */
export const isOver = (request) => !['pending', 'scheduled', 'active'].includes(request.status);

/** @param {RequestView} request */
export const wasGranted = (request) => request.endsAt !== undefined;

export function startOver() {
  Object.assign(state, {
    role: undefined,
    explanation: undefined,
    request: undefined,
    owner: undefined,
    decider: undefined,
    mails: [],
    openMail: undefined,
  });
  Object.assign(state, {
    credentials: undefined,
    isRevealed: false,
    session: undefined,
    uses: [],
    console: undefined,
    sts: [],
    notes: {},
  });
}
