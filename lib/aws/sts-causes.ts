// Why STS refuses to let somebody into a role, by the code of its answer.

/** By the code of STS's answer, without `Exception`; botocore sts, iam-ug id_roles_use and id_session-tags. */
export const usualCauses: Record<string, string> = {
  AccessDenied:
    "Usual causes: the role does not exist in that account; its trust policy does not name the role of Latchkey's issue-session function, asks for another external id than the catalogue has, or lacks sts:TagSession or sts:SetSourceIdentity next to sts:AssumeRole; or an organisation's policy forbids it.",
  ValidationError:
    "Usual causes: the session is longer than the role's MaxSessionDuration in IAM, or longer than the one hour of role chaining (set maxSessionDuration in the catalogue to the role's own value).",
  InvalidParameterValue:
    'Usual causes: a session tag or another value that IAM does not take; a tag that the hub role passes on itself.',
  MalformedPolicyDocument: 'Usual cause: a session policy that IAM cannot read.',
  PackedPolicyTooLarge:
    "Usual cause: session policy and tags are together over STS's packed size limit; shorten the scope.",
  RegionDisabled:
    'Usual cause: STS is not activated, in that account, for the Region in which Latchkey runs (IAM console, Account settings).',
};
export const unknownCause = "Usual causes: the role's trust policy, its external id, or the Region.";
