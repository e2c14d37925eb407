import { createParser, type EventSourceMessage } from 'eventsource-parser';

/** Reads a whole body with the parser that other people's clients use. */
export function parseEvents(body: string): EventSourceMessage[] {
  const events: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => events.push(event) });
  parser.feed(body);
  return events;
}

/** Fetches a stream that ends, and reads its events; data are parsed as JSON. */
export async function fetchEvents(
  url: string,
  init?: RequestInit,
): Promise<{ event: string | undefined; id: string | undefined; data: unknown }[]> {
  const response = await fetch(url, init);
  if (response.status !== 200) {
    throw new Error(`${response.status} ${await response.text()}`);
  }
  return parseEvents(await response.text()).map(({ event, id, data }) => ({
    event,
    id,
    data: JSON.parse(data) as unknown,
  }));
}
