import type { ResolvedRoute } from '../../config/resolve-options';
import { encodeMessage } from '../../event/encode';
import { randomId } from '../../stream/event-ids';
import type { EventId } from '../../stream/stream-options';
import { ChannelView } from '../channel.view';
import { EXAMPLE_POSITION } from './channel-events';

/** Where nobody says anything of ids: a random UUID is the default. */
const UUID = '4f5b1c9e-7d8a-4b2f-9c3d-1e6a7b8c9d0e';

/** Where a route has ids of its own, and which is not known. */
const ANY_ID = '1';

/** Gives the ids of a route's examples, by the route's own `eventId` where it has one. */
export function exampleIdOf({ own, stream }: ResolvedRoute, methodName: string, controller: Function): EventId {
  const { eventId } = own;
  if (!eventId) {
    const ofRoute = stream.eventId === randomId ? UUID : ANY_ID;
    const example = methodName === 'events' ? idOfView(controller, ofRoute) : ofRoute;
    return () => example;
  }
  return (message) => {
    try {
      const id = eventId(message)?.toString();
      encodeMessage({ id });
      return id;
    } catch {
      // An example is not what it counts on.
      return ANY_ID;
    }
  };
}

function idOfView({ prototype }: Function, ofRoute: string): string {
  if (prototype instanceof ChannelView) {
    return EXAMPLE_POSITION;
  }
  return 'eventId' in (prototype as object) ? ANY_ID : ofRoute;
}
