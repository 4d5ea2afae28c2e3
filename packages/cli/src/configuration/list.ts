import { ConfigurationError } from '@genops/core';
import { type Document, isMap, isScalar, isSeq, YAMLMap, YAMLSeq } from 'yaml';

/** Fields of an item as they are to stand in the file; an absent one is left as it is. */
type Fields = Readonly<Record<string, unknown>>;

/** What stands in a list of the file, as plain values. */
export function itemsIn(document: Document, list: string): readonly Fields[] {
  return (sequence(document, list)?.toJSON() as Fields[] | undefined) ?? [];
}

/** True when the list has an item of that name. */
export function hasItem(document: Document, list: string, id: string): boolean {
  return sequence(document, list)?.items.some((item) => nameOf(item) === id) ?? false;
}

/**
 * Changes the fields of an item that is there, and adds one that is not.
 *
 * @returns the whole item as it stands then
 */
export function putItem(document: Document, list: string, id: string, fields: Fields): Fields {
  const items = sequence(document, list) ?? add(document, list);
  let item = items.items.find((one) => nameOf(one) === id);
  if (!isMap(item)) {
    item = new YAMLMap(document.schema);
    items.add(item);
    // `limits: []` becomes a list with a line to an item.
    if (items.items.length === 1) items.flow = false;
  }
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const before = (item as YAMLMap).get(name, true);
    // The comment behind a value is part of it.
    if (isScalar(before) && typeof value !== 'object') before.value = value;
    else (item as YAMLMap).set(name, document.createNode(value));
  }
  return (item as YAMLMap).toJSON() as Fields;
}

/** @throws {ConfigurationError} when there is none of that name */
export function removeItem(document: Document, list: string, id: string): void {
  const items = sequence(document, list);
  const index = items?.items.findIndex((item) => nameOf(item) === id) ?? -1;
  if (items === undefined || index === -1) {
    const known = items?.items.map(nameOf).join(', ') || 'none';
    throw new ConfigurationError(list, `expected one of ${known}, got "${id}"`);
  }
  items.delete(index);
}

function sequence(document: Document, list: string): YAMLSeq | undefined {
  if (document.contents !== null && !isMap(document.contents)) {
    throw new ConfigurationError('the file', 'expected names with values, such as limits: […]');
  }
  const node = document.get(list, true);
  if (node === undefined || node === null) return undefined;
  if (isSeq(node)) return node as YAMLSeq;
  if ((node as { readonly value?: unknown }).value === null) return undefined;
  throw new ConfigurationError(list, 'expected a list');
}

function add(document: Document, list: string): YAMLSeq {
  const items = new YAMLSeq(document.schema);
  document.set(list, items);
  return items;
}

/** A provider without a name of its own has that of its type. */
function nameOf(item: unknown): unknown {
  return isMap(item) ? (item.get('id') ?? item.get('type')) : undefined;
}
