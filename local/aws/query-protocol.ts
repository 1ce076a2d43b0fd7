// The AWS Query protocol of STS, SES v1 and IAM: form fields in, XML out, errors as ErrorResponse.

/** An error of an emulated service, with AWS's message. */
export class AwsError extends Error {
  readonly code: string;
  /** HTTP status */
  readonly status: number;
  constructor(code: string, message: string, status = 400) {
    super(message);
    this.name = 'AwsError';
    this.code = code;
    this.status = status;
  }
}

/** A tree of elements; an array is a list of `member`s, a map one of `entry`s with `key` and `value`. */
export type Xml = string | number | Xml[] | ReadonlyMap<string, Xml> | { [element: string]: Xml };

/** The actions of an emulated service: from the fields of a call and its caller to the content of `<ActionResult>`. */
export type QueryService<Caller> = {
  /** the `Version` field of its calls */
  version: string;
  namespace: string;
  actions: Readonly<Record<string, (fields: URLSearchParams, caller: Caller) => Xml | Promise<Xml>>>;
};

/** Runs one call. @throws AwsError, MissingAction and InvalidAction included */
export async function runAction<Caller>(
  service: QueryService<Caller>,
  fields: URLSearchParams,
  caller: Caller,
  requestId: string,
): Promise<string> {
  const action = fields.get('Action');
  const version = fields.get('Version');
  if (!action) throw new AwsError('MissingAction', 'The request must contain the parameter Action.');
  const run =
    Object.hasOwn(service.actions, action) && version === service.version ? service.actions[action] : undefined;
  if (!run)
    throw new AwsError(
      'InvalidAction',
      `Could not find operation ${action} for version ${version ?? 'NO_VERSION_SPECIFIED'}`,
    );
  const content = { [`${action}Result`]: await run(fields, caller), ResponseMetadata: { RequestId: requestId } };
  return element(`${action}Response`, content, ` xmlns="${service.namespace}"`);
}

/** The body of an error. */
export const errorDocument = (error: AwsError, namespace: string, requestId: string): string =>
  element(
    'ErrorResponse',
    {
      Error: { Type: error.status < 500 ? 'Sender' : 'Receiver', Code: error.code, Message: error.message },
      RequestId: requestId,
    },
    ` xmlns="${namespace}"`,
  );

/** The items of a list field: `Tags.member.1.Key=a&Tags.member.1.Value=b` -> `[{Key: 'a', Value: 'b'}]`; a list of plain values has them under `''`. */
export function listField(fields: URLSearchParams, name: string): Array<Record<string, string>> {
  const items = new Map<number, Record<string, string>>();
  for (const [field, value] of fields) {
    const found = /^(.+)\.member\.(\d{1,4})(?:\.(.+))?$/.exec(field);
    if (found?.[1] !== name) continue;
    const index = Number(found[2]);
    items.set(index, { ...items.get(index), [found[3] ?? '']: value });
  }
  return [...items].sort(([a], [b]) => a - b).map(([, item]) => item);
}

function element(name: string, content: Xml, attributes = ''): string {
  return `<${name}${attributes}>${inner(content)}</${name}>`;
}

function inner(content: Xml): string {
  if (Array.isArray(content)) return content.map((item) => element('member', item)).join('');
  if (content instanceof Map)
    return [...(content as ReadonlyMap<string, Xml>)].map(([key, value]) => element('entry', { key, value })).join('');
  if (typeof content === 'object')
    return Object.entries(content)
      .map(([name, value]) => element(name, value))
      .join('');
  return escapeXml(String(content));
}

/** XML 1.0 cannot represent most control characters; they become U+FFFD. */
const escapeXml = (text: string): string =>
  text
    .replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"\r]/g, (char) => `&#${char.charCodeAt(0)};`);
