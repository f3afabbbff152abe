/**
 * Operations of one kind ask the same and were answered the same, so a model cannot tell them apart. Knowing them lets
 * the search ask the model once for all of them, and try them in one order instead of every order.
 */

const depthMax = 16;

/**
 * A text that two values share only if they are equal in structure.
 *
 * @returns `undefined` for what cannot be known from outside: functions, instances of classes, very deep values.
 */
export function structuralKey(value: unknown, depth = 0): string | undefined {
  if (depth > depthMax) return undefined;
  switch (typeof value) {
    case 'undefined':
      return 'u';
    case 'boolean':
      return value ? 't' : 'f';
    case 'number':
      return Object.is(value, -0) ? '-0;' : `${value};`;
    case 'bigint':
      return `i${value};`;
    case 'string':
      return `s${value.length}:${value}`;
    case 'object':
      return value === null ? 'n' : objectKey(value, depth);
    default:
      return undefined;
  }
}

function objectKey(value: object, depth: number): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (value instanceof Uint8Array)
    return prototype === Uint8Array.prototype ? `x${value.join()};` : undefined;
  if (Object.getOwnPropertySymbols(value).length > 0) return undefined;
  const names = Object.keys(value);
  if (Array.isArray(value)) {
    const dense = prototype === Array.prototype && names.length === value.length;
    return dense ? listKey(value, depth) : undefined;
  }
  if (prototype !== Object.prototype || Object.getOwnPropertyNames(value).length !== names.length)
    return undefined;
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  const inside = listKey(members.flat(), depth);
  return inside === undefined ? undefined : `o${inside}`;
}

function listKey(values: readonly unknown[], depth: number): string | undefined {
  let key = `[${values.length}:`;
  for (const value of values) {
    const part = structuralKey(value, depth + 1);
    if (part === undefined) return undefined;
    key += part;
  }
  return key;
}
