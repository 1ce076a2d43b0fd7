// Common causes of a refused AssumeRole, by the error code of STS.

/** By error code without `Exception` (botocore sts, iam-ug id_roles_use and id_session-tags). */
export const usualCauses: Record<string, string> = {
  AccessDenied:
    "Common causes: the role does not exist in that account; its trust policy does not name the role of Latchkey's issue-session function, requires a different external ID than the catalogue has, or lacks sts:TagSession or sts:SetSourceIdentity next to sts:AssumeRole; or a policy of the organisation denies it.",
  ValidationError:
    "Common causes: the session is longer than the role's MaxSessionDuration in IAM, or longer than the one hour of role chaining (set maxSessionDuration in the catalogue to the role's own value).",
  InvalidParameterValue:
    'Common causes: a session tag or another value that IAM does not accept, or a tag that the hub role already passes on.',
  MalformedPolicyDocument: 'Common cause: a session policy that IAM cannot parse.',
  PackedPolicyTooLarge:
    'Common cause: the session policy and tags together exceed the packed size limit of STS. Shorten the scope.',
  RegionDisabled:
    'Common cause: STS is not activated in that account for the Region in which Latchkey runs (IAM console, Account settings).',
};
export const unknownCause = "Common causes: the role's trust policy, its external ID, or the Region.";
