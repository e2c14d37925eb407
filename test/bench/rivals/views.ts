import { Controller } from '@nestjs/common';
import {
  ChannelView,
  getChannelToken,
  ServerSentEventsView,
  SseModule,
  SseSignal,
  type SseChannel,
} from 'nestjs-sse-views';
import { TickModel, tickSchema } from '../server/tick';
import { listenWithNest, type Adapter } from './nest-application';
import type { Rival } from './rival';

/** This library: a view with a generator, a view of a channel. */
export function views(adapter: Adapter): Rival {
  return {
    stream({ source, schema, ids }) {
      @Controller('stream')
      class StreamView extends ServerSentEventsView {
        static readonly responseSchema = { none: undefined, zod: tickSchema, class: TickModel }[schema];

        events(@SseSignal() signal: AbortSignal) {
          return source(signal);
        }
      }
      return listenWithNest(adapter, {
        imports: [SseModule.forRoot(ids ? {} : { eventId: () => undefined })],
        controllers: [StreamView],
      });
    },

    async broadcast({ heartbeat, history }) {
      @Controller('live')
      class LiveView extends ChannelView {
        static readonly channel = 'live';
      }
      const { port, get } = await listenWithNest(adapter, {
        imports: [
          SseModule.forRoot({ heartbeat }),
          SseModule.forFeature([{ name: 'live', history: { maxEvents: history } }]),
        ],
        controllers: [LiveView],
      });
      const channel = get<SseChannel>(getChannelToken('live') as string);
      return { port, publish: (data) => void channel.publish({ data }) };
    },
  };
}
