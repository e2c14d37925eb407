import { randomUUID } from 'node:crypto';

/** An event as text. */
export function frame(data: object, ids: boolean): string {
  const json = JSON.stringify(data);
  return ids ? `id: ${randomUUID()}\ndata: ${json}\n\n` : `data: ${json}\n\n`;
}
