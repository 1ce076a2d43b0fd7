// A domain of one's own for the HTTP API, in place of the address that API Gateway gives it. Nothing unless the deployment names one.
import type { Settings } from './settings.ts';

type Resolver = { resolveConfigurationProperty(path: string[]): Promise<unknown> };

/** osls calls this for `\${file(scripts/deployment.cjs):domain}` and merges the answer into the template. */
export async function domain({ resolveConfigurationProperty }: Resolver) {
  return domainParts((await resolveConfigurationProperty(['custom', 'settings'])) as Settings);
}

/** The domain, what it leads to, and what its DNS record has to point to. */
export function domainParts({ domain, certificateArn }: Pick<Settings, 'domain' | 'certificateArn'>) {
  if (domain === '') return { Resources: {} };
  return {
    Resources: {
      Domain: {
        Type: 'AWS::ApiGatewayV2::DomainName',
        Properties: {
          DomainName: domain,
          DomainNameConfigurations: [
            { CertificateArn: certificateArn, EndpointType: 'REGIONAL', SecurityPolicy: 'TLS_1_2' },
          ],
        },
      },
      DomainMapping: {
        Type: 'AWS::ApiGatewayV2::ApiMapping',
        Properties: { ApiId: { Ref: 'HttpApi' }, DomainName: { Ref: 'Domain' }, Stage: { Ref: 'HttpApiStage' } },
      },
    },
    Outputs: {
      DomainTarget: {
        Description: `What the DNS record of ${domain} points to`,
        Value: { 'Fn::GetAtt': ['Domain', 'RegionalDomainName'] },
      },
    },
  };
}
