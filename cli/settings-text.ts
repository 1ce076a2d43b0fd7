// The settings of the configuration file in words, for help and docs.
import type { ConfigKey } from './config-file.ts';

export const settingsText: Record<ConfigKey, string> = {
  url: 'where Latchkey is',
  auth: 'how to sign in: auto, token, login or aws',
  region: "AWS region that SigV4 signs for, where the URL does not say it (a custom domain's)",
  profile: 'AWS profile whose credentials sign, where AWS_PROFILE does not say it',
  issuer: 'OIDC issuer that login signs in at',
  clientId: 'client id of the command line at that issuer',
  clientSecret:
    'client secret, for the few issuers that insist on one; it is no argument of a command, since everybody here can read those',
  loginPorts:
    'ports of this machine that the browser may come back to, where the issuer knows them by number: a list such as [8765, 8766]',
  scope: 'scope that a token must carry',
  audience: 'audience that some issuers must be asked for',
  keychain:
    'auto: what renews a login is in the keychain of the system, where there is one; off: in the file with the rest',
};
