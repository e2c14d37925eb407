import { randomUUID } from 'node:crypto';
import { EncodedMessage } from '../event/encoded-message';
import { refusePromise } from '../event/refuse-promise';
import { idText } from '../event/id-text';
import type { SseMessage } from '../event/sse-event';
import type { EventId } from './stream-options';

/** Where nobody says otherwise: a random UUID. */
export const randomId = (): string => randomUUID();

/** No id. */
export const noId = (): undefined => undefined;

/**
 * Gives the events of one stream their ids.
 *
 * The ids of a channel's events are positions, which a client resumes from. A random id in such a stream would take the place of
 * the last one in the client, and say nothing about how far it is. So from the first event of a channel on there are none.
 */
export class EventIds {
  constructor(private eventId: EventId) {}

  /** The random id of a message that is to have one: made here, it needs no check. */
  ownId(message: SseMessage): string | undefined {
    return this.eventId === randomId && message.id === undefined && message.data !== undefined ? randomId() : undefined;
  }

  /** Gives a message its id, if it has none. The message is the pipeline's own until the user's operators get it. */
  give(message: SseMessage): SseMessage {
    if (message.id !== undefined) {
      if (this.eventId === randomId && message instanceof EncodedMessage) {
        this.eventId = noId;
      }
      return message;
    }
    if (message.data !== undefined) {
      const { eventId } = this;
      const id = eventId(message);
      if (id !== undefined) {
        refusePromise(id, 'eventId()');
        message.id = idText(id);
      }
    }
    return message;
  }
}
