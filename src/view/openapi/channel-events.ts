import { GAP_EVENT, START_EVENT } from '../../event/own-events';
import type { AdditionalEvent } from './describe-stream';

/** How a position looks; its form is the backplane's own. */
export const EXAMPLE_POSITION = 'k3x9f2ab-1bjlx0w.42';

const POSITION = { type: 'string', example: EXAMPLE_POSITION };

/** What a channel's stream sends beside what is published. */
export const CHANNEL_EVENTS: readonly AdditionalEvent[] = [
  {
    name: START_EVENT,
    component: 'SseStart',
    schema: {
      type: 'object',
      description: 'Where the client is: it has, or is given, everything up to this position.',
      required: ['position'],
      properties: { position: POSITION },
    },
  },
  {
    name: GAP_EVENT,
    component: 'SseGap',
    schema: {
      type: 'object',
      description: 'Events may be missing before what comes next.',
      required: ['reason', 'position'],
      properties: {
        reason: { type: 'string', enum: ['trimmed', 'reset', 'invalid', 'overflow'], example: 'trimmed' },
        from: { ...POSITION, description: 'The position that the client had, where it is one.' },
        position: { ...POSITION, description: 'The position to go on from.' },
      },
    },
  },
];
