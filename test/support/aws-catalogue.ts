// A small catalogue for tests of the AWS edges and emulators: two roles in one account, one of them with a long maximum.
import { type Catalogue, openCatalogue } from '../../lib/catalogue/catalogue.ts';
import { checkCatalogue } from '../../lib/catalogue/check.ts';

const rule = {
  account: 'production',
  description: 'Read a bucket',
  requesters: ['everyone'],
  approval: { automatic: true },
  duration: { default: '1h', max: '8h' },
};

export const awsCatalogue: Catalogue = open({
  version: 1,
  accounts: { production: { id: '111111111111', name: 'Production', externalId: 'lk-external-id' } },
  roles: {
    short: { ...rule, roleName: 'latchkey/bucket-read' },
    long: { ...rule, roleName: 'latchkey/bucket-read-long', maxSessionDuration: '8h' },
  },
});

/** A good AssumeRole input for the role `short`. */
export const assumeRoleInput = {
  RoleArn: 'arn:aws:iam::111111111111:role/latchkey/bucket-read',
  RoleSessionName: 'lk-0123456789-asi-dev',
  DurationSeconds: 900,
  ExternalId: 'lk-external-id',
  SourceIdentity: 'asi-dev@example.com',
  Policy: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
  Tags: [
    { Key: 'latchkey-request', Value: '01jd0000000000000000000000' },
    { Key: 'latchkey-requester', Value: 'asi-dev@example.com' },
  ],
};

function open(input: unknown): Catalogue {
  const { data, errors } = checkCatalogue(input);
  if (!data) throw new Error(JSON.stringify(errors));
  return openCatalogue(data);
}
