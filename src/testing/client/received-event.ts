import type { ParsedEvent } from './event-stream-parser';

/** An event as a test sees it. */
export interface ReceivedEvent<T = unknown> {
  /** The name; `message` where the stream gives none. */
  readonly event: string;
  /** What `parse` made of the data. */
  readonly data: T;
  /** The last event id at this event: its own, or that of an event before; `''` for none. */
  readonly id: string;
}

/** Makes a value of the data of an event. */
export type ParseData<T> = (data: string, event: string) => T;

/** JSON, which is what this library writes, and text for what is none. */
export function parseJson(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}

export function received<T>({ event, data, id }: ParsedEvent, parse: ParseData<T>): ReceivedEvent<T> {
  return { event, data: parse(data, event), id };
}
