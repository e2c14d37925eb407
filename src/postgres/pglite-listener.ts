import type { ListenDatabase } from './postgres-connect';
import type { TailListener, TailSubscriber } from './tail-listener';

interface Channel {
  readonly subscribers: Set<TailSubscriber>;
  readonly listening: Promise<() => Promise<void>>;
}

/** Listens in the process's own database, where no connection is taken and none breaks. */
export class PgliteListener implements TailListener {
  private readonly channels = new Map<string, Channel>();

  constructor(private readonly database: ListenDatabase) {}

  join(subscriber: TailSubscriber): () => void {
    let isOver = false;
    const joined = subscriber.channels.map((name) => this.channel(name, subscriber));
    Promise.all(joined).then(
      () => !isOver && subscriber.onListening(),
      (error: unknown) => !isOver && subscriber.onFailed(error),
    );
    return () => {
      isOver = true;
      subscriber.channels.forEach((name) => this.leave(name, subscriber));
    };
  }

  private channel(name: string, subscriber: TailSubscriber): Promise<unknown> {
    let channel = this.channels.get(name);
    if (channel === undefined) {
      const subscribers = new Set<TailSubscriber>();
      const tell = (payload: string): void => subscribers.forEach((each) => each.onNotification(payload));
      // Without quotation marks it would be taken in lower case.
      channel = { subscribers, listening: this.database.listen(`"${name}"`, tell) };
      this.channels.set(name, channel);
    }
    channel.subscribers.add(subscriber);
    return channel.listening;
  }

  private leave(name: string, subscriber: TailSubscriber): void {
    const channel = this.channels.get(name);
    if (channel?.subscribers.delete(subscriber) && channel.subscribers.size === 0) {
      this.channels.delete(name);
      // A database that is closed meanwhile listens to nothing anyway.
      channel.listening.then((unlisten) => unlisten()).catch(() => undefined);
    }
  }
}
