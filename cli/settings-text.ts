// The settings of the configuration file in words, for help and docs.
import type { ConfigKey } from './config-file.ts';

export const settingsText: Record<ConfigKey, string> = {
  url: 'where Latchkey is',
  auth: 'how to sign in: auto, token, login or aws',
  region: "AWS region that SigV4 signs for, where the URL does not say it (a custom domain's)",
  profile: 'AWS profile whose credentials sign, where AWS_PROFILE does not say it',
  issuer: 'OIDC issuer that login signs in at',
  clientId: 'client id of the command line at that issuer',
  scope: 'scope that a token must carry',
  audience: 'audience that some issuers must be asked for',
  keychain:
    'auto: what renews a login is in the keychain of the system, where there is one; off: in the file with the rest',
};
