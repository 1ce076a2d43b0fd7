// What wakes somebody: the CloudWatch alarms of a deployment, and the metrics that are counted from log lines.
import type { LogCode } from '../lib/app.ts';
import { httpFunctions } from '../lib/http/routes.ts';
import type { Settings } from './settings.ts';

type Metric = { Namespace: string; MetricName: string; Dimensions?: Array<{ Name: string; Value: unknown }> };
type Alarm = { says: string; metric: Metric; statistic?: 'Maximum' | 'Sum'; above?: number };

const line = (code: LogCode): string => `($.code = "${code}")`;

/** Log lines that count, as CloudWatch filters them (cw-logs, FilterAndPatternSyntax); one metric for all functions that write such a line. */
const counted = {
  RevocationFailures: { functions: ['revoke-sessions'], pattern: `{ ${line('revocation-failed')} }` },
  CallFailures: { functions: httpFunctions, pattern: `{ ${line('call-failed')} }` },
  BreakGlass: { functions: ['api'], pattern: `{ ${line('security-event')} && ($.event = "break-glass") }` },
  EmailRejections: { functions: ['notify'], pattern: `{ ${line('message-refused')} }` },
  // an answer of SES other than "later" does not change unless somebody acts
  EmailDenials: {
    functions: ['notify'],
    pattern: `{ ${line('message-deferred')} && ($.aws = "*") && ($.aws != "Thrott*") && ($.aws != "ServiceUnavailable") }`,
  },
} as const satisfies Record<string, { functions: readonly string[]; pattern: string }>;

/** Logical id -> alarm. */
function alarmsOf(stage: string): Record<string, Alarm> {
  const ofFunction = (name: string, MetricName: string): Metric => ({
    Namespace: 'AWS/Lambda',
    MetricName,
    Dimensions: [{ Name: 'FunctionName', Value: `latchkey-${stage}-${name}` }],
  });
  const ofLog = (MetricName: keyof typeof counted): Metric => ({ Namespace: `Latchkey/${stage}`, MetricName });
  return {
    DeadLettersAlarm: {
      says: 'Latchkey gave up on news of a request; somebody may not have been told.',
      metric: {
        Namespace: 'AWS/SQS',
        MetricName: 'ApproximateNumberOfMessagesVisible',
        Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': ['DeadLetters', 'QueueName'] } }],
      },
      statistic: 'Maximum',
    },
    NotifyErrorsAlarm: {
      says: 'Latchkey fails to send news of requests; it keeps trying.',
      metric: ofFunction('notify', 'Errors'),
    },
    NotifyDelayAlarm: {
      says: "Latchkey's emails are more than five minutes behind.",
      metric: ofFunction('notify', 'IteratorAge'),
      statistic: 'Maximum',
      above: 300_000,
    },
    EmailDeniedAlarm: {
      says: 'SES does not let Latchkey send email, for example because of permissions or a paused account. Approvers are not told. See docs/operations.md.',
      metric: ofLog('EmailDenials'),
    },
    EmailRejectedAlarm: {
      says: 'SES permanently rejected an email. Requester and other approvers were told; check the address.',
      metric: ofLog('EmailRejections'),
    },
    RevokeErrorsAlarm: {
      says: "Latchkey's function that ends revoked sessions fails; it keeps trying.",
      metric: ofFunction('revoke-sessions', 'Errors'),
    },
    RevokeDelayAlarm: {
      says: "Latchkey's revocations are more than two minutes behind.",
      metric: ofFunction('revoke-sessions', 'IteratorAge'),
      statistic: 'Maximum',
      above: 120_000,
    },
    RevocationFailedAlarm: {
      says: 'Sessions of a revoked grant could not be ended; the request says until when they live.',
      metric: ofLog('RevocationFailures'),
    },
    CallsFailedAlarm: {
      says: 'Latchkey answered calls with internal errors. See docs/operations.md.',
      metric: ofLog('CallFailures'),
    },
    BreakGlassAlarm: {
      says: 'Somebody took a role by break-glass. The request names who and why; it is under review.',
      metric: ofLog('BreakGlass'),
    },
    SweepErrorsAlarm: {
      says: "Latchkey's sweeper fails; ends and lapses are not recorded, though they still hold.",
      metric: ofFunction('sweep', 'Errors'),
    },
  };
}

const alarm = ({ says, metric, statistic = 'Sum', above = 0 }: Alarm, actions: readonly string[]) => ({
  Type: 'AWS::CloudWatch::Alarm',
  Properties: {
    AlarmDescription: says,
    ...metric,
    Statistic: statistic,
    Period: 300,
    EvaluationPeriods: 1,
    Threshold: above,
    ComparisonOperator: 'GreaterThanThreshold',
    TreatMissingData: 'notBreaching',
    AlarmActions: actions,
  },
});

type Resources = Record<string, { Type: string; Properties?: { AlarmActions?: unknown[] } }>;

/** What somebody who deploys should know of a template's alarms, one line each: an alarm without a topic wakes nobody. */
export function alarmWarnings(resources: Resources): string[] {
  const alarms = Object.values(resources).filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm');
  const silent = alarms.filter(({ Properties }) => !Properties?.AlarmActions?.length);
  if (silent.length === 0) return [];
  return [
    `warning: ${silent.length} alarms reach nobody. Without them, email is the only sign that break-glass was used. Give --param alarmTopic=ARN, the ARN of an SNS topic.`,
  ];
}

/** `revoke-sessions` -> `RevokeDashsessions`, as osls names what belongs to a function */
const idOf = (name: string): string => (name.slice(0, 1).toUpperCase() + name.slice(1)).replaceAll('-', 'Dash');

function filtersOf(stage: string) {
  return Object.entries(counted).flatMap(([metric, { functions, pattern }]) =>
    functions.map((name) => [
      functions.length === 1 ? metric : `${metric}${idOf(name)}`,
      {
        Type: 'AWS::Logs::MetricFilter',
        DependsOn: `${idOf(name)}LogGroup`,
        Properties: {
          LogGroupName: `/aws/lambda/latchkey-${stage}-${name}`,
          FilterPattern: pattern,
          MetricTransformations: [{ MetricNamespace: `Latchkey/${stage}`, MetricName: metric, MetricValue: '1' }],
        },
      },
    ]),
  );
}

type Resolver = {
  resolveVariable(variable: string): Promise<string>;
  resolveConfigurationProperty(path: string[]): Promise<unknown>;
};

/** osls calls this for `\${file(scripts/deployment.cjs):alarms}` and merges the answer into the template's resources. */
export async function alarms({ resolveVariable, resolveConfigurationProperty }: Resolver) {
  const stage = await resolveVariable('sls:stage');
  const { alarmActions } = (await resolveConfigurationProperty(['custom', 'settings'])) as Settings;
  const watched = Object.entries(alarmsOf(stage)).map(([id, one]) => [id, alarm(one, alarmActions)]);
  return { Resources: Object.fromEntries([...filtersOf(stage), ...watched]) as Record<string, object> };
}
