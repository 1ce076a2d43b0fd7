// The page behind the link of an email about a grant: an approver who was wrong, or a reviewer of break-glass, revokes it.
import { html } from '../common/html.ts';
import { decisionsOf, factsOf, grantFacts, reasonFacts, requesterOf, say, what } from '../mail/wording.ts';
import type { RequestRecord } from '../model/schema.ts';
import { band, commentField, document, facts, notRecorded, phrase, riskBadge, type View } from './page.ts';

/** A grant that may still be used, with the button that revokes it. Posts `decision=revoke` and `comment` to its own address. */
export function revocationPage(request: RequestRecord, { holder, nonce, draft }: View): string {
  const who = requesterOf(request);
  return document(
    'Revoke access',
    { nonce, request, code: draft?.problem.code },
    html`<h1>Revoke access?${riskBadge(request)}</h1>
<p class="lead">${phrase(say`${who} can use ${what(request)}.`)}</p>
${band(request)}
${facts([...grantFacts(request), ...reasonFacts(request)])}
<form method="post" accept-charset="utf-8">
${draft && notRecorded(draft)}
${commentField('Comment', { hint: phrase(say`Kept on record. ${who} reads it.`), draft })}
<div class="buttons">
<button class="deny" type="submit" name="decision" value="revoke">Revoke</button>
</div>
</form>
<section class="effects" aria-label="What the button does">
<h2>If you revoke</h2>
<p>${phrase(say`The grant ends at once: no new sessions are issued, and existing ones are revoked in AWS where the account allows it. Extensions of it end too. ${who} is told. This cannot be undone.`)}</p>
</section>
${facts([...factsOf(request), ...decisionsOf(request)])}
<p class="hint">${phrase(say`You act as ${holder}.`)}</p>`,
  );
}
