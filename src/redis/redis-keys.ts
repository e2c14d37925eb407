import { digestOf } from '../channel/key-digest';

/** Most characters of a publication's key that are written as they are: fewer than those of a digest, so that the two never meet. */
const LONGEST_PLAIN_KEY = 40;

/** The names that a topic has in Redis. In a cluster all of them are in one slot. */
export interface RedisKeys {
  /** The stream of its events, and the Pub/Sub channel of what is published now. */
  readonly stream: string;
  /** A string of what is known about the stream. */
  readonly meta: string;
  /** What a publication's key was written for. */
  publication(key: string): string;
}

/** @param prefix has no braces. */
export function keysOf(prefix: string, topic: string): RedisKeys {
  // What is in the first braces decides on the slot: the topic alone, whatever it contains.
  const tag = topic.replace(/[{}%]/g, encodeURIComponent);
  const base = `${prefix}:{${tag}}`;
  return {
    stream: `${base}:stream`,
    meta: `${base}:meta`,
    publication: (key) => `${base}:key:${key.length > LONGEST_PLAIN_KEY ? digestOf(key) : key}`,
  };
}

/** The key that names this life of the whole Redis: it is gone when everything is. */
export function epochKey(prefix: string): string {
  return `${prefix}:epoch`;
}
