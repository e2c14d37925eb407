import { redisBackplane } from 'nestjs-sse-views/redis';
import { HISTORY, type Carrier } from './carrier';

const history = { maxEvents: HISTORY, maxBytes: 1_048_576, maxAge: 300_000 };

/** The library's backplane, as a channel uses it. */
export async function backplaneCarrier(url: string): Promise<Carrier> {
  const backplane = redisBackplane({ url });
  const aborts: AbortController[] = [];
  await backplane.start();
  return {
    async subscribe(topics, onEvent) {
      await Promise.all(
        topics.map(
          (topic) =>
            new Promise<void>((resolve) => {
              const abort = new AbortController();
              const { signal } = abort;
              aborts.push(abort);
              void (async () => {
                for await (const delivery of backplane.subscribe(topic, { signal, maxBuffered: 100_000 })) {
                  if (delivery.kind === 'start') {
                    resolve();
                  } else if (delivery.kind === 'event') {
                    onEvent(delivery.payload);
                  }
                }
              })();
            }),
        ),
      );
    },
    publish: (topic, payload) => backplane.publish(topic, payload, { history }),
    async close() {
      aborts.forEach((abort) => abort.abort());
      await backplane.close();
    },
  };
}
