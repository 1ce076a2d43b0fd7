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

/** Services that record and watch. */
const watchers = [
  ...['access-analyzer', 'auditmanager', 'cloudtrail', 'config', 'detective', 'guardduty', 'inspector2', 'macie2'],
  ...['securityhub', 'securitylake'],
];
/** Nothing of them may be stopped, narrowed or made to overlook something. */
const watching = [
  ...watchers.flatMap((service) =>
    // deregister, disable, disassociate; whole words would take more room than IAM has
    ['BatchD', 'Delete', 'Der', 'Dis', 'Stop', 'Update'].map((verb) => `${service}:${verb}*`),
  ),
  ...['access-analyzer:ApplyArchiveRule', 'access-analyzer:CreateArchiveRule', 'cloudtrail:Put*'],
  ...['config:PutConfigurationRecorder', 'config:PutDeliveryChannel', 'config:PutRetention*'],
  ...['guardduty:Archive*', 'guardduty:CreateFilter', 'guardduty:CreateIPSet', 'guardduty:CreateTrusted*'],
  ...['macie2:CreateFindingsFilter', 'securityhub:CreateAutomationRule*'],
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
