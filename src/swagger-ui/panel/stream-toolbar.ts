import { KEPT_EVENTS } from './event-log';
import { shortened } from './event-row';
import type { LiveStream, StreamState } from './live-stream';
import type { Node, React } from './swagger-system';

const STATES: Readonly<Record<StreamState, string>> = {
  connecting: 'Connecting',
  open: 'Open',
  reconnecting: 'Reconnecting',
  stopped: 'Stopped',
  ended: 'Ended',
  error: 'Error',
};

/** The line above the events: state, figures, filter, buttons. */
export function renderToolbar({ createElement: h }: React, stream: LiveStream): Node {
  const { state, log, note } = stream;
  return h(
    'div',
    { className: 'sse-stream__toolbar' },
    h(
      'div',
      { className: 'sse-stream__status' },
      h('span', { className: `sse-stream__state sse-stream__state--${state}`, role: 'status' }, STATES[state]),
      h('span', { className: 'sse-stream__figures' }, figures(stream)),
    ),
    h(
      'div',
      { className: 'sse-stream__controls' },
      h(
        'select',
        {
          'aria-label': 'Filter by event name',
          value: log.shownName,
          onChange: ({ target }: { target: { value: string } }) => stream.showOnly(target.value),
        },
        h('option', { value: '' }, 'All events'),
        ...log.names.map(([name, count]) =>
          h('option', { key: name, value: name }, `${shortened(name)} (${count.toLocaleString('en')})`),
        ),
      ),
      stream.isRunning
        ? h('button', { type: 'button', className: 'btn cancel', onClick: () => stream.stop() }, 'Stop')
        : h(
            'button',
            {
              type: 'button',
              className: 'btn execute',
              disabled: !stream.canResume,
              onClick: () => stream.resume(),
              ...resumeTitle(stream),
            },
            'Resume',
          ),
      h('button', { type: 'button', className: 'btn btn-clear', onClick: () => stream.clear() }, 'Clear events'),
    ),
    note === '' ? null : h('p', { className: `sse-stream__note sse-stream__note--${state}` }, note),
  );
}

function figures({ log, state }: LiveStream): string {
  const parts = [`${log.total.toLocaleString('en')} ${log.total === 1 ? 'event' : 'events'}`];
  if (state === 'open') {
    const rate = log.rate(Date.now());
    parts.push(`${Number(rate.toFixed(rate < 10 ? 1 : 0)).toLocaleString('en')}/s`);
  }
  if (log.total > KEPT_EVENTS) {
    parts.push(`last ${KEPT_EVENTS} kept`);
  }
  return parts.join(' · ');
}

function resumeTitle({ canResume, resumesAfter }: LiveStream): { title?: string } {
  return canResume && resumesAfter !== '' ? { title: `Sends Last-Event-ID: ${resumesAfter}` } : {};
}
