/**
 * An id as text: a number that counts is the commonest of all. Everything else is left as it is, `NaN` among it, and checked
 * where it is written.
 */
export function idText(id: unknown): string | undefined {
  return typeof id === 'number' && Number.isFinite(id) ? String(id) : (id as string | undefined);
}
