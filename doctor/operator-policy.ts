// The least-privilege policies for running the doctor, in the hub and in a target account. docs/doctor.md has both.
import type { Partition } from '../lib/catalogue/partition.ts';
import { boundaryArn, type PolicyDocument, type Statement } from '../lib/session/iam.ts';
import { commonBoundary } from '../lib/target/boundary.ts';
import { doctorAlias } from '../lib/target/probe.ts';
import { watched } from './facts.ts';

type Hub = { partition: string; account: string; region: string; stage: string };

const document = (...Statement: Statement[]): PolicyDocument => ({ Version: '2012-10-17', Statement });

/** In the hub. It does not allow invoking the functions without the alias, which would allow posing as the gateway. */
export function operatorPolicyInHub({ partition, account, region, stage }: Hub): PolicyDocument {
  const functionArn = (name: string) =>
    `arn:${partition}:lambda:${region}:${account}:function:latchkey-${stage}-${name}`;
  return document(
    {
      Sid: 'Probe',
      Effect: 'Allow',
      Action: ['lambda:InvokeFunction'],
      Resource: ['issue-session', 'revoke-sessions'].map((name) => `${functionArn(name)}:${doctorAlias}`),
    },
    {
      Sid: 'Functions',
      Effect: 'Allow',
      Action: ['lambda:GetFunctionConfiguration'],
      Resource: watched.map(functionArn),
    },
    {
      Sid: 'Table',
      Effect: 'Allow',
      Action: ['dynamodb:DescribeTable', 'dynamodb:DescribeTimeToLive', 'dynamodb:DescribeContinuousBackups'],
      Resource: [`arn:${partition}:dynamodb:${region}:${account}:table/latchkey-${stage}`],
    },
    {
      Sid: 'NotByResource',
      Effect: 'Allow',
      Action: [
        'lambda:ListEventSourceMappings',
        'ses:GetIdentityVerificationAttributes',
        'ses:GetEmailIdentity',
        'ses:DescribeConfigurationSet',
        'ses:GetAccountSendingEnabled',
        'ses:GetSendQuota',
      ],
      Resource: '*',
    },
  );
}

/** In a target account. It covers every role, so that a missing role differs from one that may not be read. */
export const operatorPolicyInTarget = (account: { partition: Partition; id: string }): PolicyDocument =>
  document(
    {
      Sid: 'Roles',
      Effect: 'Allow',
      Action: ['iam:GetRole', 'iam:ListRolePolicies', 'iam:GetRolePolicy'],
      Resource: [`arn:${account.partition}:iam::${account.id}:role/*`],
    },
    {
      Sid: 'Boundary',
      Effect: 'Allow',
      Action: ['iam:GetPolicy', 'iam:GetPolicyVersion'],
      Resource: [boundaryArn(account, `${commonBoundary}*`)],
    },
  );
