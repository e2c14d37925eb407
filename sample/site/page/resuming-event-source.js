/** Milliseconds before an attempt of our own; doubled for each one that fails, up to the longest. */
const FIRST_DELAY = 1_000;
const LONGEST_DELAY = 30_000;

/** The id of the event that ends a stream, whatever its name is. */
const END_ID = '~end';

/**
 * Follows a stream through all that may happen to it. After a network error, EventSource reconnects by itself, with the id
 * of the last event. It gives up for good when it is answered anything but `200`, by a proxy for example whose server is
 * away for a moment; and a new EventSource cannot be told where to resume, so the id goes into the query.
 *
 * @param {string} url
 * @param {Record<string, (event: MessageEvent) => void>} listeners by the names of the events
 * @param {(state: 'connecting' | 'open' | 'reconnecting' | 'ended') => void} onState
 * @returns {() => void} closes the stream
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model
 */
export function followStream(url, listeners, onState) {
  const closing = new AbortController();
  const { signal } = closing;
  let source;
  let lastEventId = '';
  let isEnded = false;
  let delay = FIRST_DELAY;
  let timer;

  function open() {
    clearTimeout(timer);
    source?.close();
    source = new EventSource(addressOf(url, lastEventId));
    source.addEventListener('open', () => {
      delay = FIRST_DELAY;
      onState('open');
    });
    source.addEventListener('error', () => {
      if (isEnded) {
        // The server has closed the connection: EventSource shall not open another one.
        close();
        return;
      }
      onState('reconnecting');
      if (source.readyState === EventSource.CLOSED) {
        openLater();
      }
    });
    source.addEventListener('end', (event) => {
      if (event.lastEventId === END_ID) {
        isEnded = true;
        onState('ended');
      }
    });
    for (const [name, listener] of Object.entries(listeners)) {
      source.addEventListener(name, (event) => {
        lastEventId = event.lastEventId || lastEventId;
        listener(event);
      });
    }
  }

  function openLater() {
    clearTimeout(timer);
    timer = setTimeout(open, delay);
    delay = Math.min(delay * 2, LONGEST_DELAY);
  }

  function close() {
    closing.abort();
    clearTimeout(timer);
    source.close();
  }

  // A connection does not notice by itself that the network is gone, maybe for minutes.
  addEventListener(
    'offline',
    () => {
      source.close();
      onState('reconnecting');
      openLater();
    },
    { signal },
  );
  addEventListener(
    'online',
    () => {
      if (source.readyState !== EventSource.OPEN) {
        open();
      }
    },
    { signal },
  );
  onState('connecting');
  open();
  return close;
}

function addressOf(url, lastEventId) {
  const address = new URL(url, location.href);
  if (lastEventId) {
    address.searchParams.set('lastEventId', lastEventId);
  }
  return address;
}
