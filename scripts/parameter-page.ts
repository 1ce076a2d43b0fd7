// The page docs/deployment-parameters.md, from the table that checks the parameters.
import { markdownTable } from './markdown-table.ts';
import { settingTable } from './settings.ts';

/** The whole page. */
export function parameterPage(): string {
  const rows = Object.entries(settingTable).map(
    ([name, setting]: [string, { variable: string; what: string; default?: string }]) => [
      `\`${name}\``,
      setting.default === undefined ? 'yes' : '',
      setting.default ? `\`${setting.default}\`` : '',
      `${setting.what.slice(0, 1).toUpperCase()}${setting.what.slice(1)}.`,
      `\`${setting.variable}\``,
    ],
  );
  return `${introduction}\n\n${markdownTable(['parameter', 'required', 'default', 'meaning', 'environment variable'], rows)}\n\n${notes}\n`;
}

// -- internal --------------------------------------------------------------------------------------------------------

const introduction = `# Deployment parameters

<!-- Written by \`npm run docs\` from scripts/settings.ts; a test checks that it is current. -->

Parameters of \`npm run package\` and \`npx osls deploy\`. Give each as \`--param name=value\`, under \`params\` of the stage in
\`serverless.yml\`, or as the environment variable. The first of these wins. Give the same values to both commands. All missing and invalid parameters are
reported together. [deploy.md](deploy.md) uses them step by step.`;

const notes = `## Which ones you need

- **People sign in with the command line**: \`clientId\`. Without it \`latchkey login\` does not work, unless every user gives \`--client-id\`. Set \`loginPorts\` if your
  issuer does not accept any port on \`http://localhost\`.
- **Groups come from the token**: \`groupsClaim\`, if your issuer does not call the claim \`groups\`. Map the groups under \`tokenGroups\` in the
  [catalogue](catalogue.md#groups-of-the-token).
- **Machines sign in with tokens**: \`principalClaim\`. Machines with AWS credentials do not need it; they sign their calls (SigV4).
- **Your own domain**: \`domain\` and \`certificateArn\` ([operations.md](operations.md#use-a-domain-of-your-own)). Use \`baseUrl\` only if a proxy in front of the API has
  another address.
- **Alarms**: \`alarmTopic\`. Without it, alarms reach nobody ([operations.md](operations.md#alarms)).
- **Tickets**: \`ticketHosts\` and \`ticketValidatorArns\` ([tickets.md](tickets.md)).`;
