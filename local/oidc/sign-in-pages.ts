// The sign-in pages of the local issuer: choose a person, enter a device code, result. They need no script.
import { html, htmlText, type SafeHtml } from '../../lib/common/html.ts';
import { type Reply, reply } from '../../lib/http/http.ts';

type Person = { email: string; name: string; groups: readonly string[] };
type PersonPage = {
  people: readonly Person[];
  /** below the issuer's URL */
  action: 'authorize' | 'device';
  /** returned with the answer */
  fields: ReadonlyArray<readonly [name: string, value: string]>;
  says: string;
  /** target of the redirect with the answer; form-action in the CSP also covers redirects */
  leadsTo?: string;
};

/** One button for each person in the catalogue. */
export function personPage({ people, action, fields, says, leadsTo }: PersonPage): Reply {
  const button = ({ email, name, groups }: Person) =>
    html`<li><button name="email" value="${email}"><strong>${name}</strong><span class="soft">${[...(name === email ? [] : [email]), ...groups].join(', ')}</span></button></li>`;
  const hidden = fields
    .filter(([name]) => !['email', 'mfa'].includes(name))
    .map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`);
  const form = html`${hidden}
<p class="check"><input type="checkbox" name="mfa" id="mfa"><label for="mfa">Signed in with MFA</label></p>
<ul class="mails people">${people.map(button)}</ul>
<p><button class="danger" name="email" value="">Cancel</button></p>
</form>`;
  const open =
    action === 'authorize'
      ? html`<form method="post" action="/local/oidc/authorize">`
      : html`<form method="post" action="/local/oidc/device">`;
  return page(
    200,
    'Sign in as',
    html`<p class="lead">${says} Pick any person. This page exists on the local server only.</p>${open}${form}`,
    leadsTo,
  );
}

/** @param isInvalid whether an unknown code was given */
export function codePage(isInvalid: boolean): Reply {
  const form = html`<form method="get" action="/local/oidc/device">
<p class="field"><label for="code">The code that the command line shows</label><input id="code" name="user_code" autocomplete="off" autofocus required></p>
<p><button class="main">Continue</button></p>
</form>`;
  const error =
    isInvalid &&
    html`<p class="notice bad">This code is unknown, used or expired. Start again with latchkey login.</p>`;
  return page(isInvalid ? 404 : 200, 'Enter the code', html`${error}${form}`);
}

export const endPage = (isSignedIn: boolean): Reply =>
  page(
    200,
    isSignedIn ? 'You are signed in' : 'Sign-in cancelled',
    html`<p class="lead">Go back to the terminal. You can close this window.</p>`,
  );

/** Shown to the person, because an invalid redirect URI must not get the answer. */
export const errorPage = (error: string): Reply =>
  page(400, 'Sign-in failed', html`<p class="notice bad">${error}</p>`);

// -- internal --------------------------------------------------------------------------------------------------------

function page(status: number, title: string, content: SafeHtml, leadsTo = ''): Reply {
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} - Latchkey on this machine</title>
<link rel="stylesheet" href="/local/page/style.css">
</head>
<body>
<header><div class="inner"><p class="brand">Latchkey</p></div></header>
<main class="inner">
<h1>${title}</h1>
${content}
</main>
</body>
</html>
`;
  return reply(status, htmlText(document), {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `default-src 'none'; style-src 'self'; form-action 'self' ${leadsTo}; frame-ancestors 'none'; base-uri 'none'`,
    // a form of a page without a referrer would be posted from the origin "null", which visitors.ts turns away
    'referrer-policy': 'same-origin',
    'x-frame-options': 'DENY',
  });
}
