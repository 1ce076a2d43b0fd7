// Looking into HTML as a browser would: parse5's tree, elements by tag, and the words between the tags.
import { type DefaultTreeAdapterTypes, parse } from 'parse5';

export type Node = DefaultTreeAdapterTypes.Node;
export type Element = DefaultTreeAdapterTypes.Element;

export const parsed = (html: string): Node => parse(html);

const children = (node: Node): Node[] => ('childNodes' in node ? node.childNodes : []);

/** All elements of a tag at or below a node, in document order. */
export const byTag = (node: Node, tag: string): Element[] => [
  ...('tagName' in node && node.tagName === tag ? [node] : []),
  ...children(node).flatMap((child) => byTag(child, tag)),
];

export const attribute = (element: Element, name: string): string | undefined =>
  element.attrs.find((attr) => attr.name === name)?.value;

/** The text as a reader sees it, styles left out, white space folded. */
export const words = (node: Node): string => texts(node).join('').replace(/\s+/g, ' ').trim();

/** Every text node, styles left out, in document order. */
export function texts(node: Node): string[] {
  if ('value' in node && node.nodeName === '#text') return [node.value];
  return node.nodeName === 'style' ? [] : children(node).flatMap(texts);
}

/** The text of an element as it is, white space and all. */
export const textIn = (element: Element): string => texts(element).join('');

/** Elements, attributes and comments without their text: two documents of the same outline differ in words alone. */
export function outline(node: Node): unknown {
  if (node.nodeName === '#text') return '#text';
  const attrs = 'attrs' in node ? node.attrs.map(({ name, value }) => [name, value]) : [];
  return [node.nodeName, attrs, children(node).map(outline)];
}
