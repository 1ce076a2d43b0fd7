// A catalogue of very many accounts, with one role in each.
import type { CatalogueData } from '../../lib/catalogue/catalogue.ts';
import { checkCatalogue } from '../../lib/catalogue/check.ts';

export function catalogueOfAccounts(count: number, roleName = 'latchkey/ReadOnly'): CatalogueData {
  const accounts = Array.from({ length: count }, (_, i) => [
    `account-${i}`,
    { id: String(100_000_000_000 + i), name: `Account ${i}`, externalId: `lk-${i}-9f2c6c1e4b7a` },
  ]);
  const { data, errors } = checkCatalogue({
    version: 1,
    accounts: Object.fromEntries(accounts),
    roles: {
      read: {
        accounts: ['*'],
        roleName,
        description: 'Read everything',
        requesters: ['everyone'],
        approval: { stages: [{ approvers: ['lead@example.com'] }] },
        duration: { default: '1h', max: '8h' },
      },
    },
  });
  if (!data) throw new Error(errors.map(({ detail }) => detail).join('\n'));
  return data;
}
