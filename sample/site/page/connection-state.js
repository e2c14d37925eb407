/**
 * Shows the state of a stream in a badge: 'connecting', 'open', 'reconnecting', 'offline' or 'ended'.
 *
 * @param {HTMLElement} badge an `<output class="state">`, which screen readers announce when it changes
 */
export function showState(badge, state) {
  if (badge.dataset.state !== state) {
    badge.dataset.state = state;
    badge.textContent = state;
  }
}

/** The id of the event that ends a stream. */
const END_ID = '~end';

/**
 * Shows the state of an EventSource, which is closed at the end of the stream.
 *
 * @param {(state: string) => void} [onState] is told of every state, too
 * @returns the EventSource
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#dom-eventsource-readystate
 */
export function trackState(source, badge, onState = () => {}) {
  const enter = (state) => {
    showState(badge, state);
    onState(state);
  };
  enter('connecting');
  source.addEventListener('open', () => enter('open'));
  let isEnded = false;
  source.addEventListener('error', () => {
    if (isEnded) {
      // The server has closed the connection: EventSource shall not open another one.
      source.close();
    } else {
      enter(source.readyState === EventSource.CLOSED ? 'ended' : 'reconnecting');
    }
  });
  source.addEventListener('end', ({ lastEventId }) => {
    if (lastEventId === END_ID) {
      isEnded = true;
      enter('ended');
    }
  });
  // EventSource notices that the network is gone only when the connection fails, maybe minutes later.
  const isOver = () => isEnded || source.readyState === EventSource.CLOSED;
  addEventListener('offline', () => isOver() || showState(badge, 'offline'));
  addEventListener(
    'online',
    () => isOver() || showState(badge, source.readyState === EventSource.OPEN ? 'open' : 'reconnecting'),
  );
  return source;
}
