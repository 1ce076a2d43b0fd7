// Items of the table as the low-level API of DynamoDB has them, and the table that they are in.
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';

export type Item = Record<string, AttributeValue>;
export type Client = Pick<DynamoDBClient, 'send'>;
/** A table and the client that calls it. */
export type TableCalls = { client: Client; table: string };

export const text = (value: string): AttributeValue => ({ S: value });
export const number = (value: number): AttributeValue => ({ N: String(value) });
/** Milliseconds always have three digits, so that text sorts as time does. */
export const iso = (ms: number) => new Date(ms).toISOString();

/** `named('pk', 'sent')` -> `{ '#pk': 'pk', '#sent': 'sent' }` */
export const named = (...attributes: string[]): Record<string, string> =>
  Object.fromEntries(attributes.map((attribute) => [`#${attribute}`, attribute]));
