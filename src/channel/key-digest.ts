import { hash } from 'node:crypto';

/**
 * 43 characters that stand for a text of any length, for example for the key of a publication. Clients may choose keys: what
 * is kept of them has one size, and no two of them meet.
 *
 * Not over UTF-8, where all lone surrogates are one.
 */
export function digestOf(text: string): string {
  return hash('sha256', Buffer.from(text, 'utf16le'), 'base64url');
}
