// A catalogue with one of each: a role with one stage, one with two, an automatic one, a bot, an admin and an auditor.
import { type Catalogue, openCatalogue } from '../../lib/catalogue/catalogue.ts';
import { checkCatalogue } from '../../lib/catalogue/check.ts';

export const smallCatalogueFile = {
  version: 1,
  admins: ['admin@example.com'],
  auditors: ['auditor@example.com'],
  accounts: {
    production: { id: '111111111111', name: 'Production', color: '#b91c1c', externalId: 'lk-9f2c6c1e4b7a4d5f8a3e' },
    sandbox: { id: '333333333333', name: 'Sandbox', externalId: 'lk-1b2c3d4e5f60718293a4' },
  },
  people: [
    { email: 'dev@example.com', name: 'Dev', principals: ['arn:aws:iam::222222222222:user/dev'] },
    { email: 'lead@example.com', name: 'Lead', principals: ['arn:aws:iam::222222222222:user/lead'] },
    { email: 'second-lead@example.com', name: 'Second Lead' },
    { email: 'security@example.com', name: 'Security' },
  ],
  groups: {
    developers: ['dev@example.com', 'lead@example.com'],
    leads: ['lead@example.com', 'second-lead@example.com'],
  },
  bots: {
    chatops: { principal: 'arn:aws:iam::999999999999:role/chatops-bot', for: ['group:developers'], roles: ['read'] },
  },
  roles: {
    read: {
      account: 'production',
      roleName: 'latchkey/read',
      description: 'Read one bucket',
      requesters: ['group:developers'],
      approval: { stages: [{ approvers: ['group:leads'], need: 1 }], decideWithin: '8h' },
      duration: { default: '1h', max: '8h' },
    },
    write: {
      account: 'production',
      roleName: 'latchkey/write',
      description: 'Change one bucket',
      requesters: ['group:developers'],
      approval: {
        // of a role of high risk a mailed link decides only where it is said
        stages: [
          { approvers: ['group:leads'], need: 2, by: 'link' },
          { approvers: ['security@example.com'], by: 'link' },
        ],
        decideWithin: '1h',
      },
      duration: { default: '1h', max: '2h' },
      reason: { minLength: 10 },
      ticket: { pattern: '^OPS-[0-9]+$', required: true },
      risk: 'high',
    },
    play: {
      account: 'sandbox',
      roleName: 'latchkey/play',
      description: 'Do as you like in the sandbox',
      requesters: ['everyone'],
      deny: ['contractor@example.com'],
      approval: { automatic: true },
      duration: { default: '1h', max: '8h' },
    },
  },
};

/** @param file what access.yml would hold. @throws Error that lists every error */
export function catalogueOf(file: unknown = smallCatalogueFile): Catalogue {
  const { data, errors } = checkCatalogue(file);
  if (!data) throw new Error(errors.map(({ path, detail }) => `${path.join('.')}: ${detail}`).join('\n'));
  return openCatalogue(data);
}
