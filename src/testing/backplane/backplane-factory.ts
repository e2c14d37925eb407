import type { Backplane, BackplaneCapabilities, Published } from '../../channel/backplane';

/** Undoes a fault, once; resolves when the engine can be reached again. */
export type Heal = () => Promise<void>;

/**
 * What the suite can do to an engine, to see whether the backplane keeps its word. Each is optional: the properties that need
 * one that is absent are shown as skipped. A fault concerns the connections of one instance, or the engine itself.
 */
export interface BackplaneFaults {
  /**
   * The engine carries the next publication of the instance out, and its reply is lost: the connection breaks instead. A
   * proxy before the engine does it. Resolves when it is armed.
   */
  dropReply?(instance: Backplane): Promise<void>;

  /** Kills the engine without notice (`kill -9`); its connections break. @returns what starts it on the data it left. */
  kill?(): Promise<Heal>;

  /** Kills the engine, deletes its data, and starts it empty. Resolves when it can be reached. */
  wipe?(): Promise<void>;

  /**
   * Remembers the state of the engine.
   *
   * @returns what kills the engine, takes it back to that state (the tail of its log cut off, a copy of its data restored) and
   * starts it.
   */
  checkpoint?(): Promise<Heal>;

  /**
   * The instance's connections stay open and carry nothing any more, in neither direction; neither side is told. Connections
   * that it opens later work.
   */
  halfOpen?(instance: Backplane): Promise<void>;

  /** The instance's connections break and it gets no new ones. Other instances are not affected. */
  isolate?(instance: Backplane): Promise<Heal>;
}

/** An instance of a backplane in a process of its own. */
export interface BackplaneProcess {
  /** Publishes there. Rejects when the process ends before it has answered. */
  publish(topic: string, payload: string, options?: { readonly key?: string | undefined }): Promise<Published>;
  /** Kills the process without notice (`kill -9`). Resolves when it is gone. */
  kill(): Promise<void>;
}

/**
 * Makes what the suite tests. The engine is the factory's: it runs before the first test (`beforeAll`) and is stopped after
 * the last. It need not be empty, for each test uses topics of its own; the suite heals every fault that it causes.
 */
export interface BackplaneFactory {
  /** What every instance declares. It decides which promises are tested. */
  readonly capabilities: BackplaneCapabilities;

  /** Makes an instance and starts it. The suite closes it. */
  create(): Promise<Backplane>;

  /**
   * Makes and starts one more instance on the engine of those that `create` made in this test. Absent where an engine cannot
   * have two.
   */
  another?(): Promise<Backplane>;

  /**
   * Makes and starts an instance on an engine that has nothing in common with that of `create`, as after a life in which
   * nothing was kept. The suite closes it.
   */
  unrelated?(): Promise<Backplane>;

  /** Starts an instance in a process of its own, on the engine of `create`. The suite kills it. */
  spawn?(): Promise<BackplaneProcess>;

  /** Ways to break the engine and what leads to it. */
  readonly faults?: BackplaneFaults | undefined;
}
