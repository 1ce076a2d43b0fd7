// The settings of the configuration file in words, for help and docs.
import type { ConfigKey } from './config-file.ts';

export const settingsText: Record<ConfigKey, string> = {
  url: 'URL of Latchkey',
  auth: 'how to sign in: auto, token, login or aws (default: auto)',
  region: 'AWS region that SigV4 signs for, for URLs that do not contain it (custom domains)',
  profile: 'AWS profile whose credentials sign (default: AWS_PROFILE)',
  issuer: 'OIDC issuer of `latchkey login`',
  clientId: 'client ID of the command line at that issuer',
  clientSecret:
    'client secret, for the few issuers that require one; no command takes it as an argument, because other users of this machine can read arguments',
  loginPorts:
    'ports that the browser may come back to, for issuers that require fixed ones: a list such as [8765, 8766]',
  scope: 'scopes to request at the issuer, separated by spaces',
  audience: 'audience, for issuers that require one',
  signInParameters: 'additional parameters of a sign-in, as an object: {"resource": "https://latchkey.example.com"}',
  stepUp: 'parameters that `latchkey login --mfa` adds to those, as an object',
  offlineAccess:
    'auto: request offline_access if the issuer lists it, and sign in without it if the issuer refuses; off: never request it (default: auto)',
  keychain:
    'auto: keep the refresh token in the keychain of the system, where there is one; off: keep it in the file with the access token',
};
