// The page behind the link of an email about a request that a bot filed in a person's name.
import { html } from '../common/html.ts';
import { factsOf, grantFacts, reasonFacts, say } from '../mail/wording.ts';
import type { RequestRecord } from '../model/schema.ts';
import { statusAt } from '../model/status.ts';
import { band, document, facts, notRecorded, phrase, type View } from './page.ts';

/**
 * What a bot filed in somebody's name, with the button that ends it. Posts `decision=withdraw` to its own address.
 */
export function withdrawalPage(request: RequestRecord, { holder, now, nonce, draft }: View): string {
  const isGranted = statusAt(request, now) !== 'pending';
  const effect = isGranted
    ? 'The grant ends at once, and no new sessions are issued.'
    : 'The request is closed permanently, and nobody has to decide it.';
  return document(
    'Filed in your name',
    { nonce, request, code: draft?.problem.code },
    html`<h1>Filed in your name</h1>
<p class="lead">A bot has asked for temporary access for you. If you wanted that, there is nothing to do here.</p>
${band(request)}
${facts([...reasonFacts(request), ...factsOf(request), ...grantFacts(request)])}
<form method="post" accept-charset="utf-8">
${draft && notRecorded(draft)}
<section class="effects" aria-label="What the button does">
<h2>If you did not ask for this</h2>
<p>${effect} The people who were asked are told. Then tell your security team.</p>
</section>
<div class="buttons">
<button class="deny" type="submit" name="decision" value="withdraw">Withdraw</button>
</div>
</form>
<p class="hint">${phrase(say`You act as ${holder}.`)}</p>`,
  );
}
