// The store over one DynamoDB table, put together from its kinds of items. Only this room talks to DynamoDB.
import type { Store } from '../app.ts';
import { blockItems } from './dynamodb/block-items.ts';
import { identityItems } from './dynamodb/identity-items.ts';
import type { Client } from './dynamodb/item.ts';
import { messageItems } from './dynamodb/message-items.ts';
import { requestItems } from './dynamodb/request-items.ts';
import { requestLists } from './dynamodb/request-lists.ts';
import { revocationItems } from './dynamodb/revocation-items.ts';
import { sweepItems } from './dynamodb/sweep-items.ts';

/** The store over one table. Every method is one sequential round trip. @throws Problem `try-again` when DynamoDB stays busy or unreachable */
export function dynamoStore(client: Client, table: string): Store {
  const calls = { client, table };
  return {
    ...requestItems(calls),
    ...requestLists(calls),
    ...messageItems(calls),
    ...sweepItems(calls),
    ...revocationItems(calls),
    ...identityItems(calls),
    ...blockItems(client, table),
  };
}
