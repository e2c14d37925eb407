import type { LoggedEvent } from './event-log';
import { formatEvent } from './format-event';
import { ERROR_EVENT } from './live-stream';
import type { Node, React } from './swagger-system';

/** Makes the component that shows one event; it renders once for each event. */
export function createEventRow({ createElement: h, memo }: React): (props: { event: LoggedEvent }) => Node {
  return memo(({ event }: { event: LoggedEvent }) => {
    const { pieces, omitted } = formatEvent(event);
    const data = pieces.map(({ kind, text }, index) =>
      kind === 'plain' ? text : h('span', { key: index, className: `sse-stream__${kind}` }, text),
    );
    const at = new Date(event.at);
    return h(
      'span',
      {
        className: `sse-stream__event${event.name === ERROR_EVENT ? ' sse-stream__event--error' : ''}`,
      },
      h(
        'span',
        { className: 'sse-stream__head' },
        h('time', { dateTime: at.toISOString() }, timeOfDay(at)),
        h('strong', { className: 'sse-stream__name' }, event.name),
        event.id === '' || !event.hasId ? null : h('span', { className: 'sse-stream__id' }, `id ${event.id}`),
      ),
      h('code', { className: 'sse-stream__data' }, ...data),
      omitted === '' ? null : h('em', { className: 'sse-stream__omitted' }, omitted),
    );
  });
}

function timeOfDay(at: Date): string {
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
  return `${time}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}
