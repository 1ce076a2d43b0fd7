// What a role may do, for its approvers: the policies in the catalogue, in words.
import type { Role } from '../catalogue/catalogue.ts';
import { type Hole, html } from '../common/html.ts';
import type { RequestRecord } from '../model/schema.ts';

/** A page shows so many characters of statements, about two screens of a phone. */
const MOST = 4000;

/** @param role in the current catalogue; undefined if it was removed */
export const rights = (request: RequestRecord, role: Role | undefined): Hole => html`<details class="rights">
<summary>What this role may do</summary>
${role?.permissions ? policies(role.permissions) : html`<p>The catalogue does not say: the policies of this role are kept elsewhere. Ask the owner of the account.</p>`}
${role && role.digest !== request.role.digest && html`<p class="hint">The catalogue has changed since this was requested. This is what it says now.</p>`}
</details>`;

// --- internal ---

type Permissions = NonNullable<Role['permissions']>;

const policies = ({ managed, statements }: Permissions): Hole => html`${
  managed.length > 0 &&
  html`<p>Everything in these AWS managed policies or policies of the account:</p>
<ul>${managed.map((arn) => html`<li><code>${arn}</code></li>`)}</ul>`
}
${statements.length > 0 && html`<pre>${bounded(statements.map(statementText).join('\n\n'))}</pre>`}
${managed.length + statements.length === 0 && html`<p>Nothing: the catalogue gives it no policy.</p>`}
<p class="hint">The permissions boundary of Latchkey takes away from this what would outlive the grant.</p>`;

function statementText({ actions, resources, conditions }: Permissions['statements'][number]): string {
  const when = conditions ? `\nif ${JSON.stringify(conditions)}` : '';
  return `Allow ${actions.join(', ')}\non ${resources.join(', ')}${when}`;
}

const bounded = (text: string): string =>
  text.length <= MOST ? text : `${text.slice(0, MOST)}…\n\n${text.length - MOST} more characters are in the catalogue.`;
