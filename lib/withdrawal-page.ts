// The page behind the link of a mail about something that a bot filed in a person's name.
import { html } from './html.ts';
import { band, document, facts, phrase } from './pages.ts';
import type { RequestRecord } from './schema.ts';
import { statusAt } from './status.ts';
import { factsOf, grantFacts, type Named, say } from './wording.ts';

/**
 * What a bot filed in somebody's name, with the button that ends it. Posts `decision=withdraw` to its own address.
 * @param person in whose name it was filed, and whom the link was mailed to
 * @param now epoch milliseconds
 */
export function withdrawalPage(request: RequestRecord, person: Named, now: number, nonce: string): string {
  const isGranted = statusAt(request, now) !== 'pending';
  const effect = isGranted
    ? 'The grant ends at once; no more sessions are issued.'
    : 'The request is closed for good, and nobody has to decide it any more.';
  return document(
    'Filed in your name',
    nonce,
    request,
    html`<h1>Filed in your name</h1>
<p class="lead">A bot has asked for temporary access for you. If you wanted that, there is nothing to do here.</p>
${band(request)}
${facts([...factsOf(request), ...grantFacts(request)])}
<form method="post" accept-charset="utf-8">
<section class="effects" aria-label="What the button does">
<h2>If you did not ask for this</h2>
<p>${effect} Those who were asked are told. Then tell your security team.</p>
</section>
<div class="buttons">
<button class="deny" type="submit" name="decision" value="withdraw">Withdraw</button>
</div>
</form>
<p class="hint">${phrase(say`You act as ${person}.`)}</p>`,
  );
}
