// Access that a role can get beyond its own session: other identities, and access that outlives a denial by IAM. The catalogue must list each.

/** A kind of access that the permissions boundary denies unless the role lists it. */
type Reach = {
  /** the actions that are denied */
  actions: readonly string[];
  /** what a session can do with it, after "can" */
  says: string;
  /** how long its access lasts after a denial: to the end of the session's credentials, or a number of seconds. Not set: the denial ends it */
  lasts?: 'session' | number;
};

const hours = (count: number): number => count * 3600;

/** Alphabetical. Actions that are always denied are in denied.ts. */
export const reachable = {
  'acm-pca': {
    actions: ['acm-pca:Create*', 'acm-pca:Import*', 'acm-pca:Issue*', 'acm-pca:Put*'],
    says: 'issue certificates, which IAM Roles Anywhere and other systems take for an identity',
  },
  cloudformation: {
    actions: [
      ...['Activate', 'Continue', 'Create', 'Delete', 'Execute', 'Import', 'Register', 'Rollback', 'Set', 'Update'].map(
        (verb) => `cloudformation:${verb}*`,
      ),
      ...['servicecatalog:Execute*', 'servicecatalog:Provision*', 'servicecatalog:UpdateProvisioned*'],
    ],
    says: 'change stacks, which act by their own service roles',
  },
  // AWS: the token's lifetime is independent of the session's (codeartifact API reference, GetAuthorizationToken)
  codeartifact: {
    actions: ['codeartifact:GetAuthorizationToken'],
    says: 'get CodeArtifact tokens that work for up to an hour, whatever becomes of the session',
    lasts: hours(1),
  },
  codebuild: {
    actions: ['codebuild:Retry*', 'codebuild:Start*', 'codebuild:Update*'],
    says: 'run builds with commands of its own, which act by the role of the project',
  },
  codepipeline: {
    actions: [
      ...['codepipeline:Put*', 'codepipeline:Retry*', 'codepipeline:Start*', 'codepipeline:Update*'],
      ...['codedeploy:Create*', 'codedeploy:Update*'],
    ],
    says: 'run and change pipelines and deployments, which act by their own roles',
  },
  'data-access': {
    actions: ['s3:GetDataAccess', 'lakeformation:GetTemporary*'],
    says: 'get credentials for data from S3 Access Grants and Lake Formation that work for up to 12 hours',
    lasts: hours(12),
  },
  ec2: {
    actions: ['ec2:GetPasswordData', 'ec2:ModifyInstanceAttribute', 'ec2-instance-connect:*'],
    says: 'open shells on EC2 instances and change what they run at start, with the role of the instance',
  },
  ecr: {
    actions: ['ecr:GetAuthorizationToken', 'ecr-public:GetAuthorizationToken'],
    says: 'sign in to ECR registries for 12 hours, whatever becomes of the session',
    lasts: hours(12),
  },
  ecs: { actions: ['ecs:ExecuteCommand'], says: 'open shells in ECS containers, with the role of the task' },
  // EKS authenticates by sts:GetCallerIdentity, which no policy can deny (STS API reference)
  eks: {
    actions: [
      ...['eks:AccessKubernetesApi', 'eks:AssociateAccessPolicy', 'eks:AssociateIdentityProviderConfig'],
      ...['eks:CreateAccessEntry', 'eks:CreatePodIdentityAssociation'],
      ...['eks:UpdateAccessEntry', 'eks:UpdatePodIdentityAssociation'],
    ],
    says: 'use Kubernetes in EKS clusters until its credentials expire, and change who may',
    lasts: 'session',
  },
  glue: {
    actions: ['glue:RunStatement', 'glue:StartJobRun', 'glue:UpdateDevEndpoint', 'glue:UpdateJob'],
    says: 'run code of its own in Glue, which acts by the role of the job',
  },
  iot: {
    actions: [
      ...['iot:CreateCertificateFromCsr', 'iot:CreateKeysAndCertificate', 'iot:CreateProvisioningClaim'],
      'iot:Register*',
    ],
    says: 'make device certificates, which give the credentials of role aliases',
  },
  lambda: {
    actions: ['lambda:CreateMicrovm*Token', 'lambda:UpdateFunctionCode', 'lambda:UpdateFunctionConfiguration'],
    says: 'change the code of Lambda functions, which act by their own roles',
  },
  // botocore redshift GetClusterCredentials: DurationSeconds 900 to 3600
  redshift: {
    actions: [
      ...['redshift:CreateClusterUser', 'redshift:GetClusterCredentials*', 'redshift:GetIdentityCenterAuthToken'],
      ...['redshift:JoinGroup', 'redshift-serverless:GetCredentials', 'redshift-serverless:GetIdentityCenterAuthToken'],
    ],
    says: 'get database passwords of Redshift that work for up to an hour, whatever becomes of the session',
    lasts: hours(1),
  },
  ssm: {
    actions: [
      ...[
        'ssm:CreateAssociation*',
        'ssm:GetAccessToken',
        'ssm:RegisterTask*',
        'ssm:Resume*',
        'ssm:Send*',
        'ssm:Start*',
      ],
      ...['ssm:UpdateAssociation', 'ssm:UpdateDocument*', 'ssm:UpdateMaintenanceWindowTask'],
    ],
    says: 'run commands and open shells on instances by Systems Manager, with the role of the instance',
  },
  states: {
    actions: ['states:UpdateStateMachine'],
    says: 'change what Step Functions state machines do, which act by their own roles',
  },
  // botocore sagemaker CreatePresignedDomainUrl: SessionExpirationDurationInSeconds up to 43200
  'web-apps': {
    actions: [
      ...['airflow:Create*Token', 'athena:CreatePresignedNotebookUrl', 'athena:GetSessionEndpoint'],
      ...['elasticmapreduce:Create*Url', 'elasticmapreduce:Get*Credentials', 'elasticmapreduce:Get*URL'],
      ...['emr-containers:Get*Credentials', 'grafana:CreateWorkspace*Key', 'grafana:CreateWorkspace*Token'],
      ...['sagemaker:CreatePartnerAppPresignedUrl', 'sagemaker:CreatePresigned*', 'sagemaker:StartSession'],
    ],
    says: 'open web applications of SageMaker, EMR, Airflow and Grafana, with sessions of up to 12 hours of their own',
    lasts: hours(12),
  },
  // botocore sts GetWebIdentityToken: DurationSeconds 60 to 3600
  'web-identity': {
    actions: ['sts:GetWebIdentityToken'],
    says: 'get tokens by which other clouds and services know the role, for up to an hour each',
    lasts: hours(1),
  },
} as const satisfies Record<string, Reach>;

export type ReachName = keyof typeof reachable;
export const reachNames = Object.keys(reachable) as ReachName[];

/** What extends a role beyond its own session. Empty by default. */
export type Reaches = { passRole: readonly string[]; reaches: readonly ReachName[] };

/** As a request stores it: not set if empty. */
export type StoredReaches = { passRole?: readonly string[] | undefined; reaches?: readonly string[] | undefined };

/** One line for each kind of access beyond the session, for approvers. */
export const reachTexts = ({ passRole = [], reaches }: StoredReaches): string[] => [
  ...knownOf(reaches).map((name) => `${reachable[name].says} (${name})`),
  ...(passRole.length > 0 ? [`give services these roles to act by: ${passRole.join(', ')}`] : []),
];

/**
 * How long access may last after IAM denies the session: to the end of its credentials, and a number of seconds after the last call.
 * False and zero if a denial ends all access.
 */
export function reachAfterDenial(reaches: readonly string[] | undefined): { isToSessionEnd: boolean; seconds: number } {
  const lasting = lastingReaches(reaches).map(lastsOf);
  return {
    isToSessionEnd: lasting.includes('session'),
    seconds: Math.max(0, ...lasting.filter((lasts) => typeof lasts === 'number')),
  };
}

/** The kinds of access that a denial by IAM does not end. */
export const lastingReaches = (reaches: readonly string[] | undefined): ReachName[] =>
  knownOf(reaches).filter((name) => lastsOf(name) !== undefined);

// --- internal ---

const lastsOf = (name: ReachName): Reach['lasts'] => (reachable[name] as Reach).lasts;

/** A stored request may have names that this version no longer knows. */
const knownOf = (names: readonly string[] = []): ReachName[] => reachNames.filter((name) => names.includes(name));
