// What the page knows: who acts, which request is followed, and what came back.

const given = JSON.parse(document.getElementById('given').textContent);

export const actors = given.actors.map((actor) => ({ ...actor, id: actor.email ?? actor.principal }));
export const state = {
  /** Latchkey's clock minus this machine's, milliseconds */
  shift: given.now - Date.now(),
  actor: undefined,
  mfa: false,
  me: undefined,
  roles: [],
  known: [],
  role: undefined,
  explanation: undefined,
  /** whose request is followed, signed in as at filing */
  owner: undefined,
  request: undefined,
  mails: [],
  openMail: undefined,
  credentials: undefined,
  isRevealed: false,
  /** what calls are signed with, and how they ended */
  session: undefined,
  uses: [],
  console: undefined,
  sts: [],
  /** step id -> what went wrong or well there */
  notes: {},
  calls: [],
};
export const clock = () => Date.now() + state.shift;

export const isOver = (request) => !['pending', 'scheduled', 'active'].includes(request.status);

export const wasGranted = (request) => request.startsAt !== undefined;

export function startOver() {
  Object.assign(state, {
    role: undefined,
    explanation: undefined,
    request: undefined,
    owner: undefined,
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
