// A store that logs every change of a request as a security event, so that no caller can forget to.
import type { App, Log, Store } from '../app.ts';
import { securityEventsOf } from '../request/security-event.ts';

/** The fields of one HTTP call in its log lines. `request` and `person` become known during the call. */
export type About = { call?: string; ip?: string; person?: string; via?: string; request?: string };

/**
 * The same App, with a store that logs.
 * @param about receives the id of the request that was last read or written
 */
export function withToldStore<Part extends Pick<App, 'store' | 'log'>>(app: Part, about: About = {}): Part {
  return { ...app, store: toldStore(app.store, app.log, about) };
}

// --- internal ---

function toldStore(store: Store, log: Log, about: About): Store {
  return {
    ...store,
    async get(id) {
      const request = await store.get(id);
      if (request) about.request = request.id;
      return request;
    },
    async create(request, ledgers, blocks) {
      const stored = await store.create(request, ledgers, blocks);
      about.request = request.id;
      if (stored === 'created') for (const event of securityEventsOf(request, 0)) log('security-event', event);
      return stored;
    },
    async replace(next, version, yieldsAt) {
      const isReplaced = await store.replace(next, version, yieldsAt);
      if (isReplaced) for (const event of securityEventsOf(next, version)) log('security-event', event);
      return isReplaced;
    },
  };
}
