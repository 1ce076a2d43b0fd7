// Every command of the program by its name.
import type { AnyCommand, Commands } from '../options/command.ts';

/** In the order of docs/cli.md; the help orders them by group. */
export const commands: Commands = {
  setup: async () => (await import('../commands/setup.ts')).setup,
  login: async () => (await import('../commands/login.ts')).login,
  logout: async () => (await import('../commands/logout.ts')).logout,
  whoami: async () => (await import('../commands/whoami.ts')).whoami,
  roles: async () => (await import('../commands/roles.ts')).roles,
  explain: async () => (await import('../commands/explain.ts')).explain,
  request: async () => (await import('../commands/request.ts')).request,
  requests: async () => (await import('../commands/requests.ts')).requests,
  show: async () => (await import('../commands/show.ts')).show,
  extend: async () => (await import('../commands/extend.ts')).extend,
  withdraw: async () => (await import('../commands/end.ts')).withdraw,
  end: async () => (await import('../commands/end.ts')).end,
  exec: async () => (await import('../commands/exec.ts')).exec,
  console: async () => (await import('../commands/console.ts')).console,
  configure: async () => (await import('../commands/configure.ts')).configure,
  env: async () => (await import('../commands/env.ts')).env,
  credentials: async () => (await import('../commands/credentials.ts')).credentials,
  'hand-back': async () => (await import('../commands/end.ts')).handBack,
  approve: async () => (await import('../commands/decide.ts')).approve,
  deny: async () => (await import('../commands/decide.ts')).deny,
  review: async () => (await import('../commands/review.ts')).review,
  revoke: async () => (await import('../commands/revoke.ts')).revoke,
  blocks: async () => (await import('../commands/blocks.ts')).blocks,
  unblock: async () => (await import('../commands/blocks.ts')).unblock,
  'identity list': async () => (await import('../commands/identity.ts')).identityList,
  'identity release': async () => (await import('../commands/identity.ts')).identityRelease,
  'catalogue check': async () => (await import('../commands/catalogue.ts')).catalogueCheck,
  'catalogue explain': async () => (await import('../commands/catalogue.ts')).catalogueExplain,
  'catalogue who': async () => (await import('../commands/catalogue.ts')).catalogueWho,
  'catalogue diff': async () => (await import('../commands/catalogue.ts')).catalogueDiff,
  'catalogue test': async () => (await import('../commands/catalogue.ts')).catalogueTest,
  target: async () => (await import('../commands/target.ts')).target,
  'audit verify': async () => (await import('../commands/audit.ts')).auditVerify,
  doctor: async () => (await import('../commands/doctor.ts')).doctor,
  completion: async () => (await import('../commands/completion.ts')).completion,
};

export const allCommands = (): Promise<AnyCommand[]> =>
  Promise.all(Object.values(commands).map((command) => command()));
