import { SseError } from '../event/sse.error';

/** Longest name of a topic, in characters. */
const MAX_TOPIC = 256;
/** Longest key of a publication, in characters. */
const MAX_KEY = 256;

/** A topic has a name that cannot be one. Names often come from a request: answer it `400`, as `ChannelView` does. */
export class SseTopicError extends SseError {
  readonly code = 'SSE_INVALID_TOPIC';
}

/** A publication has a key that cannot be one. */
export class SseKeyError extends SseError {
  readonly code = 'SSE_INVALID_KEY';
}

/**
 * The name of a channel's topic among those of all channels. Channel names have no slash, so no two of them meet.
 *
 * @throws SseTopicError when the topic is no string of 1 to 256 characters without control characters.
 */
export function topicName(channel: string, topic: string | undefined): string {
  if (topic === undefined) {
    return channel;
  }
  if (typeof topic !== 'string' || topic === '' || topic.length > MAX_TOPIC) {
    throw new SseTopicError(
      `A topic must be a string of 1 to ${MAX_TOPIC} characters, not ${typeof topic === 'string' ? `one of ${topic.length}` : typeof topic}`,
    );
  }
  if (/\p{Cc}/u.test(topic) || !topic.isWellFormed()) {
    throw new SseTopicError('A topic must not contain control characters or lone surrogates');
  }
  return `${channel}/${topic}`;
}

/** @throws SseKeyError when the key is not a string of 1 to 256 characters without lone surrogates. */
export function checkKey(key: string | undefined): void {
  if (key === undefined) {
    return;
  }
  if (typeof key !== 'string' || key === '' || key.length > MAX_KEY) {
    throw new SseKeyError(
      `A key must be a string of 1 to ${MAX_KEY} characters, not ${typeof key === 'string' ? `one of ${key.length}` : typeof key}`,
    );
  }
  if (!key.isWellFormed()) {
    // In UTF-8 all of them are one character: an engine would take two keys for the same.
    throw new SseKeyError('A key must not contain lone surrogates');
  }
}
