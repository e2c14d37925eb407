/**
 * Shows the state of a stream in a badge: 'connecting', 'open', 'reconnecting' or 'ended'.
 *
 * @param {HTMLElement} badge an `<output class="state">`, which screen readers announce when it changes
 */
export function showState(badge, state) {
  if (badge.dataset.state !== state) {
    badge.dataset.state = state;
    badge.textContent = state;
  }
}

/**
 * Shows the state of an EventSource.
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
  source.addEventListener('error', () => enter(source.readyState === EventSource.CLOSED ? 'ended' : 'reconnecting'));
  return source;
}
