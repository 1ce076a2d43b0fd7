// Configures the local server's SDK clients: for an embedded emulator, or from the SDK's own variables.
import type { AwsSettings } from '../settings.ts';
import { hubKeys } from './sts.ts';

type Service = keyof AwsSettings['elsewhere'];
type ClientSettings = { region: string; endpoint?: string; credentials?: typeof hubKeys };

/**
 * @param endpoint the embedded emulator's; left out if a variable of the SDK names another, so that the SDK reads it itself.
 *   Credentials of the environment never go to an embedded emulator, and are used only if an endpoint was named.
 */
export function clientSettings(aws: AwsSettings, service: Service, endpoint: string | undefined): ClientSettings {
  const isElsewhere = aws.elsewhere[service];
  return {
    region: aws.region,
    ...(!isElsewhere && endpoint !== undefined && { endpoint }),
    ...(!(isElsewhere && aws.ownCredentials) && { credentials: hubKeys }),
  };
}
