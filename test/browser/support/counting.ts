import { Controller } from '@nestjs/common';
import { LastEventId, SseRoute, SseSignal } from 'nestjs-sse-views';
import { setTimeout } from 'node:timers/promises';

/** Counts on from the id that it is asked to resume after: any server can take the place of any other. */
@Controller('stream')
export class CountingController {
  @SseRoute({ retry: 50 })
  async *stream(@LastEventId() after: string | undefined, @SseSignal() signal: AbortSignal) {
    for (let n = Number(after ?? 0) + 1; !signal.aborted; n++) {
      yield { data: n, id: String(n) };
      await setTimeout(20, undefined, { signal }).catch(() => undefined);
    }
  }
}
