import { createEventRow } from './event-row';
import type { LiveStream } from './live-stream';
import { renderToolbar } from './stream-toolbar';
import type { Node, React } from './swagger-system';

/** Whoever is so near to the newest event, in pixels, goes along with it. */
const NEAR = 40;

/** The element that scrolls. */
interface Scrollable {
  scrollTop: number;
  readonly scrollHeight: number;
  readonly clientHeight: number;
}

/** Makes the component that shows a stream in the place of a response body. */
export function createStreamPanel(react: React): (props: { stream: LiveStream }) => Node {
  const { createElement: h, useEffect, useLayoutEffect, useReducer, useRef } = react;
  const EventRow = createEventRow(react);

  return function StreamPanel({ stream }) {
    const [, render] = useReducer((count: number) => count + 1, 0);
    const list = useRef<Scrollable | null>(null);
    /** Where the list was scrolled to here; whoever has not moved it since goes along, too. */
    const placed = useRef(0);
    const goesAlong = !list.current || list.current.scrollTop === placed.current || isNearEnd(list.current);
    useEffect(() => stream.subscribe(render), [stream]);
    // A page that no longer shows a stream does not need it.
    useEffect(() => () => stream.stop(), [stream]);
    useEffect(() => {
      // The rate falls while nothing comes.
      const timer = setInterval(() => stream.state === 'open' && render(), 1_000);
      return () => clearInterval(timer);
    }, [stream]);
    useLayoutEffect(() => {
      if (list.current && goesAlong) {
        list.current.scrollTop = list.current.scrollHeight;
        placed.current = list.current.scrollTop;
      }
    });
    const { shown: events, ended } = stream.log;
    return h(
      'div',
      { className: 'sse-stream' },
      h('h5', null, 'Event stream'),
      renderToolbar(react, stream),
      h(
        'div',
        { className: 'highlight-code' },
        h(
          'pre',
          {
            className: 'microlight sse-stream__events',
            ref: list,
            tabIndex: 0,
            role: 'log',
            // A stream never falls silent: read out, it would drown everything else.
            'aria-live': 'off',
            'aria-label': 'Events',
          },
          events.length > 0
            ? events.map((event) => h(EventRow, { key: event.number, event }))
            : ended && stream.log.shownName === ''
              ? null
              : h('span', { className: 'sse-stream__empty' }, emptyText(stream)),
          ended ? h(EventRow, { key: 'end', event: ended, isEnd: true }) : null,
        ),
      ),
    );
  };
}

function isNearEnd({ scrollTop, scrollHeight, clientHeight }: Scrollable): boolean {
  return scrollHeight - scrollTop - clientHeight < NEAR;
}

function emptyText({ log, isRunning }: LiveStream): string {
  if (log.shownName !== '') {
    return `No event named "${log.shownName}".`;
  }
  return isRunning ? 'Waiting for events…' : 'No events.';
}
