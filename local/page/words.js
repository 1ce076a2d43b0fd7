// Words for states, limits, times and durations.
import { h } from './elements.js';

export const statusWords = {
  pending: ['warn', 'waiting for a decision'],
  scheduled: ['warn', 'approved, not started yet'],
  active: ['good', 'active'],
  ended: ['', 'ended'],
  denied: ['bad', 'denied'],
  withdrawn: ['', 'withdrawn'],
  revoked: ['bad', 'revoked'],
  lapsed: ['', 'lapsed: nobody decided in time'],
};

/** States of a revocation: kind of badge, word, and what it means. */
export const revocationWords = {
  pending: ['warn', 'being denied', 'The policy is being attached to the role.'],
  done: ['good', 'denied', "The role's policy LatchkeyRevocations denies them."],
  failed: ['bad', 'not denied', 'AWS refused the policy. The sessions run until they expire.'],
  unavailable: ['warn', 'not denied', 'The account has no revoker. The sessions run until they expire.'],
};

export const limitWords = {
  requested: 'by the requested duration',
  'grant-end': 'by the end of the grant',
  catalogue: 'by the session length in the catalogue',
  'role-maximum': "by the role's own maximum in IAM",
  'role-chaining': "by the one hour that AWS allows a function's session",
};

export const eventWords = {
  filed: 'filed',
  approved: 'approved',
  denied: 'denied',
  'mail-checked': 'email to approvers checked',
  reminded: 'approvers reminded',
  escalated: 'more people asked',
  'approvers-changed': 'approvers changed with the catalogue',
  'approvers-missing': 'too few approvers',
  'ticket-unchecked': 'ticket not checked',
  vended: 'session issued',
  undelivered: 'session not delivered',
  withdrawn: 'withdrawn',
  ended: 'ended',
  revoked: 'revoked',
  lapsed: 'lapsed',
  'review-overdue': 'review overdue',
  reviewed: 'review signed',
  'ticket-checked': 'ticket checked',
  'sessions-revoked': 'live sessions denied',
  'revocation-failed': 'live sessions not denied',
};

export const instant = (at) =>
  `${new Date(at).toISOString().slice(0, 10)} ${new Date(at).toISOString().slice(11, 19)} UTC`;

export const time = (at) => `${new Date(at).toISOString().slice(11, 16)} UTC`;

export function duration(seconds) {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  if (hours === 0 && minutes === 0) return `${Math.max(0, Math.floor(seconds))} s`;
  return [hours > 0 && `${hours} h`, minutes > 0 && `${minutes} min`].filter(Boolean).join(' ');
}

export const shortDuration = (seconds) =>
  seconds % 3600 === 0 ? `${seconds / 3600}h` : `${Math.round(seconds / 60)}m`;

/**
 * The approvers of a stage, and how many of them it needs.
 * @param {{ need: number, approvers: string[] }} stage
 */
export const askedIn = ({ need, approvers }) =>
  need > 1 ? `${need} of ${approvers.join(', ')}` : approvers.join(' or ');
export const nameOf = (who) => (who.name === who.id ? who.id : `${who.name} (${who.id})`);

export const firstName = (who) => who.name;

/** @param {import('../../lib/http/answers.ts').RequestView} request */
export const statusBadge = ({ status }) =>
  h('span', { class: `badge ${statusWords[status][0]}` }, statusWords[status][1]);
