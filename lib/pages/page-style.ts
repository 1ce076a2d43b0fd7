// The style sheet of the pages behind emailed links: light and dark, for a phone first.
import { html } from '../common/html.ts';

/** Colours in pairs of at least 4.5 to 1, in both schemes. */
export const pageStyle = html`
:root { color-scheme: light dark; --ground: #f1f5f9; --sheet: #ffffff; --text: #0f172a; --soft: #475569; --line: #cbd5e1; --field: #64748b; --yes: #166534; --yes-ink: #ffffff; --no: #b91c1c; --focus: #1d4ed8; --calm: #f8fafc; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #0b1120; --sheet: #131c2e; --text: #e8eef7; --soft: #a9b8cd; --line: #33425b; --field: #8597b3; --yes: #4ade80; --yes-ink: #052e16; --no: #fca5a5; --focus: #93c5fd; --calm: #1a2539; }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; padding: 0 16px 40px; background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }
header, main, footer { max-width: 600px; margin: 0 auto; }
header { padding: 12px 4px 8px; }
.brand { font-weight: 700; letter-spacing: .01em; color: var(--soft); }
main { background: var(--sheet); border: 1px solid var(--line); border-radius: 16px; padding: 28px 28px 24px; }
footer p + p { margin-top: 4px; }
footer { padding: 16px 4px; color: var(--soft); font-size: 13px; overflow-wrap: anywhere; }
h1 { font-size: 26px; line-height: 1.25; letter-spacing: -.01em; margin: 0 0 6px; }
h2 { font-size: 15px; margin: 0; }
p { margin: 0; overflow-wrap: anywhere; }
.lead { margin: 0 0 14px; font-size: 17px; }
.notice { margin: 0 0 20px; padding: 10px 14px; border-left: 4px solid var(--focus); background: var(--calm); }
.error { margin-bottom: 6px; color: var(--no); font-weight: 600; }
.notice.failed { border-color: var(--no); }
.soft, .hint { color: var(--soft); }
.hint { font-size: 14px; margin-top: 8px; }
code { font: 0.92em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.band { background: var(--account); color: var(--account-ink); border-radius: 10px; padding: 8px 14px; margin: 0 0 16px; display: flex; flex-wrap: wrap; align-items: baseline; column-gap: 10px; }
.band-label { font-size: 13px; }
.band strong { font-size: 18px; line-height: 1.4; }
.band code { font-size: 15px; letter-spacing: .02em; }
.band.quiet { background: transparent; color: inherit; border-left: 6px solid var(--account); border-radius: 0; padding: 4px 14px; }
.badge { display: inline-block; vertical-align: middle; white-space: nowrap; background: #b91c1c; color: #ffffff; border-radius: 8px; padding: 2px 10px; font-size: 14px; line-height: 1.5; font-weight: 700; letter-spacing: 0; }
dl + .next { margin-top: 16px; }
.effects pre { margin-top: 8px; }
dl { margin: 0; display: grid; gap: 14px; }
dt { color: var(--soft); font-size: 14px; }
dd { margin: 0; overflow-wrap: anywhere; }
blockquote { margin: 4px 0 0; padding: 2px 0 2px 14px; border-inline-start: 4px solid var(--line); white-space: pre-wrap; overflow-wrap: anywhere; }
form { margin: 16px 0 24px; padding: 16px 0 20px; border: solid var(--line); border-width: 1px 0; }
.effects { background: var(--calm); border: 1px solid var(--line); border-radius: 12px; padding: 14px 18px; margin: 0 0 20px; }
dl + .effects { margin-top: 24px; }
.effects p + h2 { margin-top: 10px; }
label { display: block; font-weight: 600; margin-bottom: 6px; }
label .soft { font-weight: 400; }
select { display: block; width: 100%; min-height: 44px; margin-bottom: 14px; padding: 8px 12px; font: inherit; color: inherit; background: var(--sheet); border: 1px solid var(--field); border-radius: 10px; }
textarea { display: block; width: 100%; min-height: 60px; padding: 10px 12px; font: inherit; color: inherit; background: transparent; border: 1px solid var(--field); border-radius: 10px; resize: vertical; }
.buttons { display: grid; gap: 12px; margin: 16px 0 4px; grid-template-columns: 1fr 1fr; align-items: start; }
.buttons > :only-child, .second-look[open], .second-look[open] + .deny { grid-column: 1 / -1; }
button, .second-look summary { font: inherit; font-size: 18px; font-weight: 650; min-height: 52px; padding: 12px 20px; border-radius: 12px; cursor: pointer; width: 100%; text-align: center; }
.approve { background: var(--yes); color: var(--yes-ink); border: 2px solid var(--yes); }
.deny { background: transparent; color: var(--no); border: 2px solid var(--no); }
.second-look summary { list-style: none; }
.second-look summary::-webkit-details-marker { display: none; }
.second-look[open] summary { background: transparent; color: var(--yes); border-style: dashed; }
.panel { margin-top: 12px; padding: 18px; border: 2px solid var(--account); border-radius: 12px; }
.panel > p:first-child { margin-bottom: 14px; }
.panel dl { margin-bottom: 18px; }
button:hover, .second-look summary:hover { filter: brightness(1.08); }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 3px; }
ul { margin: 0 0 16px; padding-inline-start: 22px; }
.log { margin-top: 24px; padding-top: 20px; border-top: 1px solid var(--line); }
.log ol { list-style: none; margin: 10px 0 0; padding: 0; display: grid; gap: 12px; }
.log li { overflow-wrap: anywhere; }
.log .when { display: block; color: var(--soft); font-size: 14px; }
.log li blockquote { margin-top: 4px; }
.next { margin: 0 0 20px; }
.rights { margin-top: 20px; padding: 12px 18px; border: 1px solid var(--line); border-radius: 12px; }
.rights summary { cursor: pointer; font-weight: 600; }
.rights[open] summary { margin-bottom: 10px; }
pre { margin: 0; font: 14px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
.mark { color: var(--soft); }
.mark.yes { color: var(--yes); }
.mark.no { color: var(--no); }
.mark.wait, .mark.over { color: var(--focus); }
@media (min-width: 640px) {
  header { padding-top: 36px; }
  main { padding: 36px 40px 32px; }
  dl > div { display: grid; grid-template-columns: 150px 1fr; column-gap: 16px; }
  dl > div > dd { grid-column: 2; }
  dl blockquote { margin-top: 0; }
}
@media (max-width: 400px) { body { padding-inline: 10px; } main { padding: 22px 18px 20px; } }
@media print { body { background: none; } }
`;
