import { Controller } from '@nestjs/common';
import { ServerSentEventsView, SseModule } from 'nestjs-sse-views';
import { Subject } from 'rxjs';
import { listenWithNest, type Adapter } from './nest-application';
import type { Rival } from './rival';

/** This library without a channel: a view whose clients share an Observable. */
export function viewsObservable(adapter: Adapter): Rival {
  return {
    async broadcast({ heartbeat }) {
      const events$ = new Subject<{ data: object }>();

      @Controller('live')
      class LiveView extends ServerSentEventsView {
        events() {
          return events$;
        }
      }
      const { port } = await listenWithNest(adapter, {
        imports: [SseModule.forRoot({ heartbeat })],
        controllers: [LiveView],
      });
      return { port, publish: (data) => events$.next({ data }) };
    },
  };
}
