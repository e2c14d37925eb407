import type { LoggedEvent } from './event-log';
import { BRIEF, formatEvent, FULL, omittedOf, type FormattedData } from './format-event';
import { ERROR_EVENT } from './live-stream';
import type { Node, React } from './swagger-system';

/** How much of a name or an id is shown, in characters. */
const SHOWN_FIELD = 200;

/** Makes the component that shows one event; it renders once for each event, and again when more of it is to be seen. */
export function createEventRow({ createElement: h, memo, useReducer }: React): (props: EventRowProps) => Node {
  return memo(({ event, isEnd = false }: EventRowProps) => {
    const [isFull, toggle] = useReducer((is: boolean) => !is, false);
    const brief = formatEvent(event, BRIEF);
    const formatted = isFull ? formatEvent(event, FULL) : brief;
    const at = new Date(event.at);
    const kind = isEnd ? '--end' : event.name === ERROR_EVENT ? '--error' : undefined;
    return h(
      'span',
      {
        className: `${isEnd ? 'sse-stream__end' : 'sse-stream__event'}${kind ? ` sse-stream__event${kind}` : ''}`,
      },
      h(
        'span',
        { className: 'sse-stream__head' },
        h('time', { dateTime: at.toISOString() }, timeOfDay(at)),
        isEnd ? h('strong', null, 'The stream has ended') : null,
        event.name === '' ? null : h('strong', { className: 'sse-stream__name' }, shortened(event.name)),
        event.id === '' || !event.hasId
          ? null
          : h('span', { className: 'sse-stream__id' }, `id ${shortened(event.id)}`),
      ),
      event.length === 0 && isEnd ? null : h('code', { className: 'sse-stream__data' }, ...coloured(formatted)),
      brief.isCut
        ? h(
            'button',
            { type: 'button', className: 'sse-stream__more', 'aria-expanded': isFull, onClick: toggle },
            isFull ? 'Show less' : 'Show more',
          )
        : null,
      isFull || !brief.isCut ? omitted(omittedOf(event, formatted)) : null,
    );
  });

  function coloured({ pieces }: FormattedData): Node[] {
    return pieces.map(({ kind, text }, index) =>
      kind === 'plain' ? text : h('span', { key: index, className: `sse-stream__${kind}` }, text),
    );
  }

  function omitted(text: string): Node {
    return text === '' ? null : h('em', { className: 'sse-stream__omitted' }, text);
  }
}

interface EventRowProps {
  readonly event: LoggedEvent;
  /** Whether it is not an event of the stream, but its end. */
  readonly isEnd?: boolean;
}

/** A name or an id, as much of it as tells it from others. */
export function shortened(text: string): string {
  return text.length > SHOWN_FIELD ? `${text.slice(0, SHOWN_FIELD)}…` : text;
}

function timeOfDay(at: Date): string {
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
  return `${time}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}
