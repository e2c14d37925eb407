import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Backplane, Published } from '../../src/channel/backplane';
import type { BackplaneProcess } from '../../src/testing/backplane/backplane-factory';

interface Request {
  readonly id: number;
  readonly topic: string;
  readonly payload: string;
  readonly options: { readonly key?: string } | undefined;
}

interface Reply {
  readonly id: number;
  readonly published?: Published;
  readonly error?: string;
}

/** How a process that works ends. */
const READY = 'ready';

/**
 * Starts an instance of a backplane in a process of its own.
 *
 * @param file a TypeScript file that calls `serveBackplane()`.
 */
export async function spawnBackplane(file: string, ...args: string[]): Promise<BackplaneProcess> {
  const child = fork(file, args, { execArgv: ['--require', join(__dirname, 'run-typescript.js')] });
  const waiting = new Map<number, PromiseWithResolvers>();
  const gone = once(child, 'exit').then(() => {
    for (const { reject } of waiting.values()) {
      reject(new Error('The process has ended'));
    }
  });
  const ready = new Promise((resolve) => {
    child.once('message', resolve);
  });
  child.on('message', (reply: Reply) => {
    const promise = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.published) {
      promise?.resolve(reply.published);
    } else {
      promise?.reject(new Error(reply.error));
    }
  });
  if ((await Promise.race([ready, gone])) !== READY) {
    throw new Error(`${file} could not be started`);
  }
  let last = 0;
  return {
    publish: (topic, payload, options) =>
      new Promise((resolve, reject) => {
        const id = last++;
        waiting.set(id, { resolve, reject });
        child.send({ id, topic, payload, options } satisfies Request, (error) => error && reject(error));
      }),
    kill: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** The other side: publishes what the parent says, until it is killed or the parent is gone. */
export async function serveBackplane(backplane: Backplane): Promise<void> {
  await backplane.start();
  process.on('disconnect', () => process.exit());
  process.on('message', ({ id, topic, payload, options }: Request) => {
    backplane.publish(topic, payload, options).then(
      (published) => process.send!({ id, published } satisfies Reply),
      (error: unknown) => process.send!({ id, error: String(error) } satisfies Reply),
    );
  });
  process.send!(READY);
}

interface PromiseWithResolvers {
  resolve(published: Published): void;
  reject(error: Error): void;
}
