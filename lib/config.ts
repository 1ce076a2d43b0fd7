// The only module that reads the environment. Each function reads the parts that it needs, and all errors are reported together at start-up.
import { join } from 'node:path';
import * as v from 'valibot';
import { senderOf } from './mail/sender.ts';
import {
  type PresetName,
  presetNames,
  presets,
  type RuleChanges,
  rulesOf,
  subjectClaims,
} from './policy/identity-presets.ts';
import type { Identity } from './policy/principal.ts';
import { claimValuesIn } from './policy/token-rules.ts';

export type Config = {
  /** AWS region of the clients */
  region: string;
  /** name of the DynamoDB table */
  table: string;
  /** the rules for a caller's token */
  identity: Identity;
  /** the sender of emails, in a form that `senderOf` accepts */
  sender: string;
  /** base URL of the links in emails, without a trailing slash */
  baseUrl: string;
  /** file that holds the compiled catalogue as JSON */
  cataloguePath: string;
  /** hosts of ticket validators that may be called, with the port unless it is the default */
  ticketHosts: readonly string[];
};
export type ConfigPart = keyof Config;
export type Environment = Readonly<Record<string, string | undefined>>;

/** True in Lambda (lambda-dg, configuration-envvars: AWS_LAMBDA_FUNCTION_NAME is reserved and always set). */
export const inLambda = process.env.AWS_LAMBDA_FUNCTION_NAME !== undefined;

/**
 * Reads the given parts and nothing else.
 * @throws Error that names every missing or invalid variable, one per line
 */
export function configFor<const Part extends ConfigPart>(
  parts: readonly Part[],
  env: Environment = process.env,
): Pick<Config, Part> {
  const errors: string[] = [];
  const config: Partial<Config> = {};
  for (const part of parts) {
    const parsed = v.safeParse(readers[part].schema(), readers[part].input(env));
    if (parsed.success) Object.assign(config, { [part]: parsed.output });
    else
      for (const issue of parsed.issues)
        errors.push(`${nameOf(part, issue)} ${issue.input === undefined ? 'is missing' : issue.message}`);
  }
  if (errors.length > 0)
    throw new Error(`The configuration is incomplete or invalid:\n${errors.map((error) => `  ${error}`).join('\n')}`);
  return config as Pick<Config, Part>;
}

// -- what each part is made of ---------------------------------------------------------------------------------------

const filled = (what: string) => v.pipe(v.string(what), v.trim(), v.minLength(1, what));
const url = (what: string) => v.pipe(v.string(what), v.check(isSafeUrl, what), v.transform(withoutTrailingSlash));
const claim = 'must be the name of a claim';
const scopeText = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
const mfaText = 'must be values of claims separated by commas, such as amr=mfa,acr=urn:okta:loa:2fa:any';
const yesOrNo = v.pipe(
  v.picklist(['true', 'false'], 'must be true or false'),
  v.transform((text) => text === 'true'),
);
const domains = 'must be domains such as example.com, separated by commas';
const domain = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;
const parametersText =
  'must be parameters such as resource=https://latchkey.example.com, separated by commas, without those that a sign-in always sends';
/** Parameters that a sign-in always sends, which a deployment cannot set. */
const ownParameters = [
  'client_id',
  'client_secret',
  'response_type',
  'response_mode',
  'redirect_uri',
  'scope',
  'state',
  'nonce',
];
const parametersSetting = v.pipe(
  v.string(),
  v.check(
    (text) =>
      claimValuesIn(text)?.every(({ claim: name }) => !ownParameters.includes(name) && !/^code/.test(name)) === true,
    parametersText,
  ),
  v.transform((text) => Object.fromEntries((claimValuesIn(text) ?? []).map(({ claim: name, value }) => [name, value]))),
);
const ports = 'must be ports such as 8765, separated by commas';
const port = v.pipe(
  v.string(),
  v.trim(),
  v.regex(/^\d{1,5}$/, ports),
  v.transform(Number),
  v.minValue(1, ports),
  v.maxValue(65535, ports),
);

const readers: {
  [Part in ConfigPart]: {
    /** built when it is asked for: a function reads some of these parts */
    schema(): v.GenericSchema<unknown, Config[Part]>;
    variable: string;
    input(env: Environment): unknown;
  };
} = {
  region: {
    variable: 'AWS_REGION',
    schema: () => v.pipe(v.string(), v.regex(/^[a-z]{2,}(?:-[a-z]+)+-\d+$/, 'must be a region such as eu-west-1')),
    input: (env) => set(env.AWS_REGION),
  },
  table: {
    variable: 'LATCHKEY_TABLE',
    // botocore dynamodb TableName
    schema: () =>
      v.pipe(
        v.string(),
        v.regex(
          /^[\w.-]{3,255}$/,
          'must be the name of a table: 3 to 255 letters, digits, dots, dashes or underscores',
        ),
      ),
    input: (env) => set(env.LATCHKEY_TABLE),
  },
  identity: {
    variable: 'LATCHKEY_ISSUER',
    // the issuer is compared with a claim character by character, so it is kept unchanged
    schema: () =>
      v.pipe(
        v.pipe(
          v.object({
            idp: v.picklist(presetNames, `must be one of ${presetNames.join(', ')}`),
            issuer: v.pipe(v.string(), v.check(isSafeUrl, 'must be the https URL of the issuer')),
            audience: v.pipe(v.array(filled('must be audiences separated by commas')), v.minLength(1)),
            scope: v.pipe(v.string(), v.regex(scopeText, 'must be one scope, without spaces')),
            signInScope: v.optional(
              v.pipe(
                v.string(),
                v.check(
                  (text) => text.split(' ').every((one) => scopeText.test(one)),
                  'must be scopes separated by one space',
                ),
              ),
            ),
            signInParameters: v.optional(parametersSetting),
            offlineAccess: v.optional(yesOrNo),
            subjectClaim: v.optional(v.picklist(subjectClaims, `must be one of ${subjectClaims.join(', ')}`)),
            emailClaim: v.optional(filled(claim)),
            emailTrust: v.optional(filled('must be the name of a claim, or issuer')),
            emailDomains: v.optional(v.array(v.pipe(v.string(), v.trim(), v.toLowerCase(), v.regex(domain, domains)))),
            mfa: v.optional(
              v.pipe(
                v.string(),
                v.check((text) => claimValuesIn(text) !== undefined, mfaText),
                v.transform((text) => claimValuesIn(text) ?? []),
              ),
            ),
            groupsClaim: v.optional(filled(claim)),
            hasGroupsAlways: yesOrNo,
            principalClaim: v.optional(filled(claim)),
            clientId: v.optional(filled('must be a client id')),
            loginPorts: v.optional(v.pipe(v.array(port), v.minLength(1))),
          }),
          v.forward(
            v.check(
              ({ idp }) => presets[idp].unusable === undefined,
              (issue) => `cannot be ${issue.input.idp}: ${presets[issue.input.idp].unusable}`,
            ),
            ['idp'],
          ),
          v.forward(
            v.check(
              ({ idp, issuer }) => presets[idp].issuer.test(issuer),
              ({ input: { idp } }) => `must be an issuer of ${presets[idp].title}, such as ${presets[idp].example}`,
            ),
            ['issuer'],
          ),
          v.forward(
            v.check(
              ({ emailTrust, emailDomains }) => emailTrust !== 'issuer' || (emailDomains?.length ?? 0) > 0,
              'is required if emailTrust is issuer: the domains that the issuer may assert, separated by commas',
            ),
            ['emailDomains'],
          ),
        ),
        v.transform((settings): Identity => identityFrom(settings)),
      ),
    input: (env) => ({
      idp: set(env.LATCHKEY_IDP) ?? 'generic',
      issuer: set(env.LATCHKEY_ISSUER),
      audience: set(env.LATCHKEY_AUDIENCE)?.split(','),
      scope: set(env.LATCHKEY_SCOPE),
      signInScope: set(env.LATCHKEY_SIGN_IN_SCOPE),
      signInParameters: set(env.LATCHKEY_SIGN_IN_PARAMETERS),
      offlineAccess: set(env.LATCHKEY_OFFLINE_ACCESS),
      subjectClaim: set(env.LATCHKEY_SUBJECT_CLAIM),
      emailClaim: set(env.LATCHKEY_EMAIL_CLAIM),
      emailTrust: set(env.LATCHKEY_EMAIL_TRUST),
      emailDomains: set(env.LATCHKEY_EMAIL_DOMAINS)?.split(','),
      mfa: set(env.LATCHKEY_MFA),
      groupsClaim: set(env.LATCHKEY_GROUPS_CLAIM),
      hasGroupsAlways: set(env.LATCHKEY_GROUPS_ALWAYS) ?? 'false',
      principalClaim: set(env.LATCHKEY_PRINCIPAL_CLAIM),
      clientId: set(env.LATCHKEY_CLIENT_ID),
      loginPorts: set(env.LATCHKEY_LOGIN_PORTS)?.split(','),
    }),
  },
  sender: {
    variable: 'LATCHKEY_SENDER',
    schema: () =>
      v.pipe(
        v.string(),
        v.check(
          (text) => senderOf(text) !== undefined,
          'must be an email address such as latchkey@example.com or Latchkey <latchkey@example.com>',
        ),
      ),
    input: (env) => set(env.LATCHKEY_SENDER),
  },
  baseUrl: {
    variable: 'LATCHKEY_BASE_URL',
    schema: () => url('must be an https URL, or an http URL on the loopback interface'),
    input: (env) => set(env.LATCHKEY_BASE_URL),
  },
  cataloguePath: {
    variable: 'LATCHKEY_CATALOGUE',
    schema: () => v.string(),
    input: (env) =>
      set(env.LATCHKEY_CATALOGUE) ?? (set(env.LAMBDA_TASK_ROOT) && join(env.LAMBDA_TASK_ROOT!, 'catalogue.json')),
  },
  ticketHosts: {
    variable: 'LATCHKEY_TICKET_HOSTS',
    schema: () =>
      v.array(
        v.pipe(
          v.string(),
          v.trim(),
          v.toLowerCase(),
          v.regex(
            /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[::1\])(?::\d{1,5})?$/,
            'must be hosts such as tickets.example.com, separated by commas',
          ),
        ),
      ),
    input: (env) => set(env.LATCHKEY_TICKET_HOSTS)?.split(',') ?? [],
  },
};

/** Each member of `identity` has its own variable. */
const identityVariables: Record<keyof IdentitySettings, string> = {
  idp: 'LATCHKEY_IDP',
  issuer: 'LATCHKEY_ISSUER',
  audience: 'LATCHKEY_AUDIENCE',
  scope: 'LATCHKEY_SCOPE',
  signInScope: 'LATCHKEY_SIGN_IN_SCOPE',
  signInParameters: 'LATCHKEY_SIGN_IN_PARAMETERS',
  offlineAccess: 'LATCHKEY_OFFLINE_ACCESS',
  subjectClaim: 'LATCHKEY_SUBJECT_CLAIM',
  emailClaim: 'LATCHKEY_EMAIL_CLAIM',
  emailTrust: 'LATCHKEY_EMAIL_TRUST',
  emailDomains: 'LATCHKEY_EMAIL_DOMAINS',
  mfa: 'LATCHKEY_MFA',
  groupsClaim: 'LATCHKEY_GROUPS_CLAIM',
  hasGroupsAlways: 'LATCHKEY_GROUPS_ALWAYS',
  principalClaim: 'LATCHKEY_PRINCIPAL_CLAIM',
  clientId: 'LATCHKEY_CLIENT_ID',
  loginPorts: 'LATCHKEY_LOGIN_PORTS',
};

type IdentitySettings = RuleChanges & {
  idp: PresetName;
  issuer: string;
  audience: string[];
  scope: string;
  hasGroupsAlways: boolean;
  principalClaim?: string | undefined;
  clientId?: string | undefined;
  loginPorts?: number[] | undefined;
};

function identityFrom(settings: IdentitySettings): Identity {
  const { idp, issuer, audience, scope, hasGroupsAlways, principalClaim, clientId, loginPorts, ...changes } = settings;
  return {
    issuer,
    audience,
    scope,
    hasGroupsAlways,
    ...rulesOf(idp, { issuer, audience, scope }, changes),
    ...(principalClaim !== undefined && { principalClaim }),
    ...(clientId !== undefined && { clientId }),
    ...(loginPorts !== undefined && { loginPorts }),
  };
}

function nameOf(part: ConfigPart, issue: v.BaseIssue<unknown>): string {
  const member = issue.path?.[0]?.key;
  return part === 'identity' && typeof member === 'string'
    ? identityVariables[member as keyof IdentitySettings]
    : readers[part].variable;
}

/** An empty variable counts as not set, because deployment tools write empty strings for absent parameters. */
function set(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, search, hash, username, password } = new URL(text);
  if (search || hash || username || password) return false;
  return protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname));
}

function withoutTrailingSlash(text: string): string {
  return text.replace(/\/+$/, '');
}
