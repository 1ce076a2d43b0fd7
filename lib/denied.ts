// What no role can do, whatever its permissions and whatever the catalogue says: the lists of actions that every boundary denies.

/** IAM calls that make, change, free or lend an identity, by prefix so that new ones are denied, too (service-authorization, list_iam). */
const changeIdentity = [
  ...['Accept', 'Add', 'Associate', 'Attach', 'Change', 'Deactivate', 'Delete', 'Detach', 'Disable', 'Enable', 'Put'],
  ...['Reject', 'Remove', 'Reset', 'Resync', 'Send', 'Set', 'Tag', 'Untag', 'Update', 'Upload'],
].map((verb) => `iam:${verb}*`);

/** Calls that make credentials of their own, which nothing here can end. */
const otherKeys = ['lightsail:*BucketAccessKey*', 'rolesanywhere:*', 'transfer:ImportSshPublicKey'];

/**
 * Calls that give a session with a time of its own. Sign-in's make keys of a console session, which renew themselves for up to twelve hours
 * (cli-ug, cli-configure-sign-in; service-authorization, list_signin): longer than a denial by the grant's tag has to stand.
 */
const otherSession = [
  ...['sts:AssumeRole', 'sts:AssumeRoot', 'sts:GetDelegatedAccessToken', 'sts:GetFederationToken'],
  ...['signin:AuthorizeOAuth2Access', 'signin:Create*', 'sso-oauth:*'],
  ...['cognito-identity:GetOpenIdTokenForDeveloperIdentity', 'datazone:Get*Credentials', 'eks-auth:*'],
];

/** What records and watches: nothing of it may be stopped, narrowed or made to overlook something. */
const watching = [
  ...['Delete', 'Deregister', 'Disable', 'Put', 'Stop', 'Update'].map((verb) => `cloudtrail:${verb}*`),
  ...['Delete', 'Disassociate', 'PutConfigurationRecorder', 'PutDeliveryChannel', 'PutRetention', 'Stop'].map(
    (verb) => `config:${verb}*`,
  ),
  ...[
    'Archive',
    'CreateFilter',
    'CreateIPSet',
    'CreateTrusted',
    'Delete',
    'Disable',
    'Disassociate',
    'Stop',
    'Update',
  ].map((verb) => `guardduty:${verb}*`),
  ...['BatchDisable', 'CreateAutomationRule', 'Delete', 'Disable', 'Disassociate', 'Update'].map(
    (verb) => `securityhub:${verb}*`,
  ),
  ...['ApplyArchiveRule', 'CreateArchiveRule', 'Delete*', 'Update*'].map((action) => `access-analyzer:${action}`),
  ...['inspector2:Delete*', 'inspector2:Disable*', 'inspector2:Disassociate*', 'inspector2:Update*'],
  ...['detective:Delete*', 'detective:Disassociate*', 'macie2:Delete*', 'macie2:Disable*', 'macie2:Update*'],
  ...['auditmanager:Delete*', 'auditmanager:Deregister*', 'securitylake:Delete*', 'securitylake:Update*'],
];

/** Calls about the organisation and about who signs in to it. */
const wholeAccount = [
  ...['organizations:*', 'account:*', 'sso:*', 'sso-directory:*', 'identitystore:*'],
  ...['signin:Put*', 'signin:Delete*'],
];

/** By the name of the statement. Creating identities and passing roles have exceptions, see boundary.ts. */
export const denied = {
  NoChangedIdentity: [...changeIdentity, ...otherKeys],
  NoOtherSession: otherSession,
  NoStoppedAudit: watching,
  NoWayAroundTheAccount: wholeAccount,
} as const satisfies Record<string, readonly string[]>;
