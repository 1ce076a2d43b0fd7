// What a deployment must be told, for serverless.yml: `--param name=...`, `params` of a stage, or the environment; all errors at once.
import { partitionOfRegion } from '../lib/catalogue/partition.ts';
import type { CatalogueData } from '../lib/catalogue/shape.ts';
import { undeployable, unlistedHosts } from '../lib/catalogue/tickets.ts';
import { configFor, type Environment } from '../lib/config.ts';
import { senderOf } from '../lib/mail/sender.ts';
import { presetNames, subjectClaims } from '../lib/policy/identity-presets.ts';
import { deployedCatalogue } from './deployed-catalogue.ts';

type Setting = { variable: string; what: string; default?: string };

/** Parameter -> the environment variable that also gives it, what it is, and its default where it may be left out. */
export const settingTable = {
  region: { variable: 'LATCHKEY_REGION', what: 'AWS Region of the hub, such as eu-west-1' },
  idp: {
    variable: 'LATCHKEY_IDP',
    what: `identity provider, whose preset sets the defaults of the parameters below: ${presetNames.join(', ')}`,
    default: 'generic',
  },
  issuer: { variable: 'LATCHKEY_ISSUER', what: 'URL of your OIDC issuer, exactly as in the claim iss of its tokens' },
  audience: {
    variable: 'LATCHKEY_AUDIENCE',
    what: 'audiences that tokens may have, separated by commas; for tokens without an audience, client IDs',
  },
  scope: { variable: 'LATCHKEY_SCOPE', what: 'scope that a token must have, such as latchkey/use' },
  signInScope: {
    variable: 'LATCHKEY_SIGN_IN_SCOPE',
    what: 'scopes that a sign-in requests from the issuer, separated by spaces (default: by idp, usually the parameter scope)',
    default: '',
  },
  signInParameters: {
    variable: 'LATCHKEY_SIGN_IN_PARAMETERS',
    what: 'additional parameters of a sign-in, such as audience=latchkey or resource=https://latchkey.example.com, separated by commas (default: by idp)',
    default: '',
  },
  offlineAccess: {
    variable: 'LATCHKEY_OFFLINE_ACCESS',
    what: 'true or false: whether a sign-in requests offline_access if the issuer lists it (default: by idp)',
    default: '',
  },
  subjectClaim: {
    variable: 'LATCHKEY_SUBJECT_CLAIM',
    what: `claim that identifies an account permanently: ${subjectClaims.join(', ')} (default: by idp); changing it changes the principal of every account`,
    default: '',
  },
  emailClaim: {
    variable: 'LATCHKEY_EMAIL_CLAIM',
    what: 'claim with the email address (default: by idp)',
    default: '',
  },
  emailTrust: {
    variable: 'LATCHKEY_EMAIL_TRUST',
    what: 'claim that must be true for the email address to count, or issuer: you vouch for every address that the issuer sends in emailDomains (default: by idp)',
    default: '',
  },
  emailDomains: {
    variable: 'LATCHKEY_EMAIL_DOMAINS',
    what: 'the only domains whose email addresses count, separated by commas; any domain if empty',
    default: '',
  },
  mfa: {
    variable: 'LATCHKEY_MFA',
    what: 'claim values that prove MFA, such as amr=mfa,acr=mfa, separated by commas; one of them is enough (default: by idp)',
    default: '',
  },
  clientId: {
    variable: 'LATCHKEY_CLIENT_ID',
    what: 'client ID of the command line at the issuer (a public client); latchkey login needs it',
    default: '',
  },
  loginPorts: {
    variable: 'LATCHKEY_LOGIN_PORTS',
    what: 'ports that the issuer accepts in the redirect URI http://localhost:PORT/callback of that client, separated by commas; any port if empty',
    default: '',
  },
  sender: { variable: 'LATCHKEY_SENDER', what: 'email address, verified in SES, that emails are sent from' },
  groupsClaim: {
    variable: 'LATCHKEY_GROUPS_CLAIM',
    what: 'claim that lists the groups of a person (default: by idp)',
    default: '',
  },
  groupsAlways: {
    variable: 'LATCHKEY_GROUPS_ALWAYS',
    what: 'true if every token has that claim, even for people in no group; a token without it then fails a deny of such groups',
    default: 'false',
  },
  principalClaim: {
    variable: 'LATCHKEY_PRINCIPAL_CLAIM',
    what: 'claim that holds the IAM principal of a machine',
    default: '',
  },
  baseUrl: {
    variable: 'LATCHKEY_BASE_URL',
    what: 'address that links in emails lead to, if it is not the address of the API',
    default: '',
  },
  domain: {
    variable: 'LATCHKEY_DOMAIN',
    what: 'domain of the API, such as access.example.com; the API then no longer answers at the address of API Gateway',
    default: '',
  },
  certificateArn: {
    variable: 'LATCHKEY_CERTIFICATE_ARN',
    what: 'ARN of the ACM certificate of that domain, in the same Region',
    default: '',
  },
  organization: {
    variable: 'LATCHKEY_ORGANIZATION',
    what: 'AWS organization that every target account is in, such as o-a1b2c3d4e5',
    default: '',
  },
  alarmTopic: { variable: 'LATCHKEY_ALARM_TOPIC', what: 'ARN of the SNS topic that alarms notify', default: '' },
  reservedConcurrency: {
    variable: 'LATCHKEY_RESERVED_CONCURRENCY',
    what: 'number of concurrent executions to reserve for each of api, issue-session and decision-page',
    default: '',
  },
  ticketHosts: {
    variable: 'LATCHKEY_TICKET_HOSTS',
    what: 'hosts of ticket validators that may be called, separated by commas',
    default: '',
  },
  ticketValidatorArns: {
    variable: 'LATCHKEY_TICKET_VALIDATOR_ARNS',
    what: 'ARNs of the API methods or Lambda functions of ticket validators, separated by commas',
    default: '',
  },
} as const satisfies Record<string, Setting>;
type Name = keyof typeof settingTable;
export type Settings = Record<Name, string> & {
  audiences: string[];
  /** the bare address of the sender and the SES identities that may send as it */
  senderAddress: string;
  senderDomain: string;
  alarmActions: string[];
  /** what the functions that ask validators may invoke */
  ticketArns: string[];
  /** for each function that answers calls; none unless given, because Lambda keeps 100 of an account's executions unreserved */
  reserved: number | { Ref: 'AWS::NoValue' };
  /** whether the API answers at its own domain alone */
  isOwnDomainOnly: boolean;
  /** where links in mails lead: what was given, the domain, or the API's own URL */
  links: string | { 'Fn::Sub': string };
};

/** osls calls this for `\${file(scripts/deployment.cjs):settings}`; `resolveVariable` looks a parameter up as `\${param:name}` would. */
export async function settings({
  resolveVariable,
}: {
  resolveVariable(variable: string): Promise<unknown>;
}): Promise<Settings> {
  const given: Partial<Record<Name, string>> = {};
  for (const name of namesOf(settingTable)) {
    const sources = [
      ...(name === 'region' ? ['opt:region'] : []),
      `param:${name}`,
      `env:${settingTable[name].variable}`,
      "''",
    ];
    given[name] = String((await resolveVariable(sources.join(', '))) ?? '').trim();
  }
  const checked = checkSettings(given, deployedCatalogue());
  if ('errors' in checked) throw tellingError(checked.errors);
  return checked.settings;
}

/**
 * Fills in defaults and checks everything, or reports all errors together. Pure.
 * @param catalogue what is deployed with them
 */
export function checkSettings(
  given: Partial<Record<Name, string>>,
  catalogue: Pick<CatalogueData, 'ticketValidators' | 'accounts'> = { ticketValidators: {}, accounts: {} },
): { settings: Settings } | { errors: string[] } {
  const errors: string[] = [];
  const found = {} as Record<Name, string>;
  for (const name of namesOf(settingTable)) {
    const rule: Setting = settingTable[name];
    found[name] = given[name] || (rule.default ?? '');
    if (found[name] === '' && rule.default === undefined)
      errors.push(
        `${name} is missing: ${rule.what}. Give --param ${name}=... or ${rule.variable}=... in the environment, or write it under params in serverless.yml.`,
      );
  }
  if (found.organization && !/^o-[a-z0-9]{10,32}$/.test(found.organization))
    errors.push('organization must be an organization id such as o-a1b2c3d4e5');
  if (found.alarmTopic && !/^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w.-]+$/.test(found.alarmTopic))
    errors.push('alarmTopic must be the ARN of an SNS topic');
  if (found.reservedConcurrency && !/^[1-9]\d{0,4}$/.test(found.reservedConcurrency))
    errors.push('reservedConcurrency must be a number of executions such as 20');
  errors.push(...domainErrors(found));
  const ticketArns = listIn(found.ticketValidatorArns);
  for (const arn of ticketArns)
    if (!apiMethod.test(arn) && !lambdaFunction.test(arn)) errors.push(`ticketValidatorArns: "${arn}" ${arnError}`);
  const partition = partitionOfRegion(found.region);
  for (const [key, account] of Object.entries(catalogue.accounts))
    if (found.region !== '' && account.partition !== partition)
      errors.push(
        `The account ${key} of the catalogue is in ${account.partition}, and region ${found.region} is in ${partition}: a hub enters accounts of its own partition only.`,
      );
  const isWhole = namesOf(settingTable).every(
    (name) => found[name] !== '' || (settingTable[name] as Setting).default !== undefined,
  );
  if (isWhole) errors.push(...runtimeErrors(found, catalogue));
  if (errors.length > 0) return { errors };
  const senderAddress = senderOf(found.sender)?.address ?? found.sender;
  return {
    settings: {
      ...found,
      audiences: listIn(found.audience),
      senderAddress,
      senderDomain: senderAddress.slice(senderAddress.lastIndexOf('@') + 1),
      alarmActions: found.alarmTopic ? [found.alarmTopic] : [],
      ticketArns,
      reserved: found.reservedConcurrency ? Number(found.reservedConcurrency) : { Ref: 'AWS::NoValue' },
      isOwnDomainOnly: found.domain !== '',
      links: found.baseUrl ||
        (found.domain && `https://${found.domain}`) || {
          'Fn::Sub': `https://\${HttpApi}.execute-api.\${AWS::Region}.\${AWS::URLSuffix}`,
        },
    },
  };
}

function domainErrors({ domain, certificateArn, region }: Record<Name, string>): string[] {
  const certificate = new RegExp(`^arn:[\\w-]+:acm:${region}:\\d{12}:certificate/[\\w-]+$`);
  return [
    ...(domain && !/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/.test(domain)
      ? ['domain must be a domain name such as access.example.com']
      : []),
    ...((domain === '') === (certificateArn === '') ? [] : ['domain and certificateArn belong together']),
    ...(certificateArn && !certificate.test(certificateArn)
      ? [`certificateArn must be the ARN of a certificate in ACM in ${region}`]
      : []),
  ];
}

const listIn = (text: string): string[] => (text === '' ? [] : text.split(',').map((part) => part.trim()));

/** A POST of an API (apigw-dg, api-gateway-iam-policy-resource-format), or a function that has a URL; each whole or with a version or alias. */
const apiMethod = /^arn:[\w-]+:execute-api:[a-z0-9-]+:\d{12}:[a-z0-9]+\/[\w.$-]+\/POST\/[\w./-]*$/;
export const lambdaFunction = /^arn:[\w-]+:lambda:[a-z0-9-]+:\d{12}:function:[\w-]{1,64}(?::[\w$-]{1,128})?$/;
const arnError =
  'must be the ARN of a POST of an API, such as arn:aws:execute-api:eu-west-1:111111111111:abc123/prod/POST/check, or of a Lambda function';

/** What the functions would refuse at their start is refused before the deployment. */
function runtimeErrors(found: Record<Name, string>, catalogue: Pick<CatalogueData, 'ticketValidators'>): string[] {
  const env: Environment = {
    ...Object.fromEntries(namesOf(settingTable).map((name) => [settingTable[name].variable, found[name]])),
    AWS_REGION: found.region,
    LATCHKEY_BASE_URL: found.baseUrl || 'https://example.com',
  };
  try {
    const { ticketHosts } = configFor(['region', 'identity', 'sender', 'baseUrl', 'ticketHosts'], env);
    return [
      ...undeployable(catalogue.ticketValidators),
      ...unlistedHosts(catalogue.ticketValidators, ticketHosts, 'ticketHosts'),
    ];
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const [, ...lines] = error.message.split('\n');
    return lines.map((line) => namedAsParameter(line.trim()));
  }
}

/** A line about a variable of the environment, about the parameter that it comes from. */
function namedAsParameter(line: string): string {
  const [variable = ''] = line.split(/\W/, 1);
  const parameter = namesOf(settingTable).find((name) => settingTable[name].variable === variable);
  return parameter === undefined ? line : `${parameter}${line.slice(variable.length)}`;
}

/** What somebody who deploys should know of the parameters, one line each. */
export function signInWarnings(settings: Pick<Settings, 'clientId'> | undefined): string[] {
  if (settings?.clientId !== '') return [];
  return [
    'warning: clientId is missing, so latchkey login works only for users who give --client-id. Give --param clientId=ID, a public client of your issuer.',
  ];
}

/** osls prints the stack if there is one. For a missing parameter, the message alone is enough. */
export function tellingError(errors: string[], title = 'Missing or invalid deployment parameters:'): Error {
  const error = new Error(`${title}\n${errors.map((text) => `  ${text}`).join('\n')}`);
  error.stack = error.message;
  return error;
}

function namesOf<T extends object>(table: T): Array<keyof T & string> {
  return Object.keys(table) as Array<keyof T & string>;
}
