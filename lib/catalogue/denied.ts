// The actions that every permissions boundary denies, whatever the catalogue says.

/** IAM calls that create, change or delegate identities, by prefix so that new calls are denied too (service-authorization, list_iam). */
const changeIdentity = [
  ...['Accept', 'Add', 'Associate', 'Attach', 'Change', 'Deactivate', 'Delete', 'Detach', 'Disable', 'Enable', 'Put'],
  ...['Reject', 'Remove', 'Reset', 'Resync', 'Send', 'Set', 'Tag', 'Untag', 'Update', 'Upload'],
].map((verb) => `iam:${verb}*`);

/** Calls that create separate credentials, which Latchkey cannot end. */
const otherKeys = ['lightsail:*BucketAccessKey*', 'rolesanywhere:*', 'transfer:ImportSshPublicKey'];

/**
 * Calls that start a session with its own lifetime. Those of Sign-In turn a console session into keys that renew themselves for up to
 * twelve hours (cli-ug, cli-configure-sign-in; service-authorization, list_signin), longer than the denial by the grant's tag.
 */
const otherSession = [
  ...['sts:AssumeRole', 'sts:AssumeRoot', 'sts:GetDelegatedAccessToken', 'sts:GetFederationToken'],
  ...['signin:AuthorizeOAuth2Access', 'signin:Create*', 'sso-oauth:*'],
  ...['cognito-identity:GetOpenIdTokenForDeveloperIdentity', 'datazone:Get*Credentials', 'eks-auth:*'],
];

/** Services for audit and threat detection. */
const watchers = [
  ...['access-analyzer', 'auditmanager', 'cloudtrail', 'config', 'detective', 'guardduty', 'inspector2', 'macie2'],
  ...['securityhub', 'securitylake'],
];
/** Calls that stop them, narrow them or make them ignore something. */
const watching = [
  ...watchers.flatMap((service) =>
    // deregister, disable, disassociate; whole words would exceed the size limit of IAM
    ['BatchD', 'Delete', 'Der', 'Dis', 'Stop', 'Update'].map((verb) => `${service}:${verb}*`),
  ),
  ...['access-analyzer:ApplyArchiveRule', 'access-analyzer:CreateArchiveRule', 'cloudtrail:Put*'],
  ...['config:PutConfigurationRecorder', 'config:PutDeliveryChannel', 'config:PutRetention*'],
  ...['guardduty:Archive*', 'guardduty:CreateFilter', 'guardduty:CreateIPSet', 'guardduty:CreateTrusted*'],
  ...['macie2:CreateFindingsFilter', 'securityhub:CreateAutomationRule*'],
];

/** Calls that change the organization, the account and its sign-in. */
const wholeAccount = [
  ...['organizations:*', 'account:*', 'sso:*', 'sso-directory:*', 'identitystore:*'],
  ...['signin:Put*', 'signin:Delete*'],
];

/** By statement name. Creating identities and passing roles have exceptions, see boundary.ts. */
export const denied = {
  NoChangedIdentity: [...changeIdentity, ...otherKeys],
  NoOtherSession: otherSession,
  NoStoppedAudit: watching,
  NoWayAroundTheAccount: wholeAccount,
} as const satisfies Record<string, readonly string[]>;
