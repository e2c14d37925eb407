/** Milliseconds before an attempt of our own; doubled for each one that fails, up to the longest. */
const FIRST_DELAY = 1_000;
const LONGEST_DELAY = 30_000;

/**
 * Follows a stream through all that may happen to it. After a network error, EventSource reconnects by itself, with the id
 * of the last event. It gives up for good when it is answered anything but `200`, by a proxy for example whose server is
 * away for a moment; and a new EventSource cannot be told where to resume, so the id goes into the query.
 *
 * @param {string} url
 * @param {Record<string, (event: MessageEvent) => void>} listeners by the names of the events
 * @param {(state: 'connecting' | 'open' | 'reconnecting') => void} onState
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model
 */
export function followStream(url, listeners, onState) {
  let source;
  let lastEventId = '';
  let delay = FIRST_DELAY;
  let timer;

  function open() {
    clearTimeout(timer);
    source?.close();
    source = new EventSource(lastEventId ? `${url}?lastEventId=${encodeURIComponent(lastEventId)}` : url);
    source.addEventListener('open', () => {
      delay = FIRST_DELAY;
      onState('open');
    });
    source.addEventListener('error', () => {
      onState('reconnecting');
      if (source.readyState === EventSource.CLOSED) {
        openLater();
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

  // A connection does not notice by itself that the network is gone, maybe for minutes.
  addEventListener('offline', () => {
    source.close();
    onState('reconnecting');
    openLater();
  });
  addEventListener('online', () => {
    if (source.readyState !== EventSource.OPEN) {
      open();
    }
  });
  onState('connecting');
  open();
}
