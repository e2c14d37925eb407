import { Controller, Sse, SseSignal, type MessageEvent } from '@nestjs/common';
import { from, Subject, type Observable } from 'rxjs';
import { listenWithNest, type Adapter } from './nest-application';
import type { Rival } from './rival';

/** Nest's own streams. They number events without an id, in any case. */
export function nestSse(adapter: Adapter): Rival {
  return {
    stream({ source }) {
      @Controller('stream')
      class StreamController {
        @Sse()
        stream(@SseSignal() signal: AbortSignal): Observable<MessageEvent> {
          return from(source(signal));
        }
      }
      return listenWithNest(adapter, { controllers: [StreamController] });
    },

    async broadcast() {
      const events$ = new Subject<MessageEvent>();

      @Controller('live')
      class LiveController {
        @Sse()
        live(): Observable<MessageEvent> {
          return events$;
        }
      }
      const { port } = await listenWithNest(adapter, { controllers: [LiveController] });
      return { port, publish: (data) => events$.next({ data }) };
    },
  };
}
