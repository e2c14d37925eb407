import { Logger } from '@nestjs/common';
import { Allow } from 'class-validator';
import { resolveRouteOptions } from '../../src/config/resolve-options';
import type { SseRouteOptions } from '../../src/config/options';
import { describeStream, type AdditionalEvent } from '../../src/view/openapi/describe-stream';
import { setupSseDocs } from '../../src/view/openapi/setup-sse-docs';
import { STREAM_EVENTS, streamEvents } from '../../src/view/openapi/stream-events';
import { streamText } from '../../src/view/openapi/stream-text';
import { wireExamples } from '../../src/view/openapi/wire-example';

class Price {
  @Allow() symbol!: string;
}

const GAP: AdditionalEvent = {
  name: 'gap',
  component: 'ChannelGap',
  schema: {
    type: 'object',
    properties: { reason: { type: 'string', enum: ['trimmed', 'reset', 'invalid', 'overflow'] } },
    required: ['reason'],
  },
};

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

/** How a stream ended. */
const LAST = [ref('EndEvent'), ref('StreamErrorEvent')];

function describeRoute(options: SseRouteOptions) {
  const route = resolveRouteOptions({}, {}, options, 'Feed.events');
  const stream = describeStream(route, [GAP], 'Feed_events', new Logger());
  const events = streamEvents(stream, route.stream, 'Feed_events');
  const mediaType: { itemSchema?: object; [STREAM_EVENTS]: object } = { [STREAM_EVENTS]: events };
  const document = {
    openapi: '3.2.0',
    paths: { '/feed': { get: { responses: { 200: { content: { 'text/event-stream': mediaType } } } } } },
    components: {},
  };
  setupSseDocs(document);
  return { route, stream, mediaType, document };
}

describe('An event that a route sends beside those of its schema', () => {
  it('is a component, and one of the data', () => {
    const { stream } = describeRoute({ responseSchema: Price });
    expect(stream.schema).toEqual({ oneOf: [ref('Price'), ref('ChannelGap')] });
    expect(stream.models.map(({ name }) => name)).toEqual(['Price', 'ComponentModel']);
  });

  it('has an example and a row in the table, where the others come as any other name', () => {
    const { stream, route } = describeRoute({ responseSchema: Price });
    expect(wireExamples(stream, { format: 'json', onEnd: 'nothing' }, () => '1')['gap']).toEqual({
      summary: 'event: gap',
      value: 'event: gap\nid: 1\ndata: {"reason":"trimmed"}\n\n',
    });
    expect(streamText(stream, route.stream)).toContain('\n| any other | `Price` |\n| `gap` | `ChannelGap` |\n');
  });

  it('has an envelope; one without a name fits it, too, so that any of them may fit', () => {
    const { mediaType, document } = describeRoute({ responseSchema: Price });
    expect(mediaType.itemSchema).toEqual({ anyOf: [ref('PriceEvent'), ref('GapEvent'), ...LAST] });
    expect(document.components).toMatchObject({
      schemas: {
        GapEvent: { properties: { event: { const: 'gap' }, data: { contentSchema: ref('ChannelGap') } } },
      },
    });
  });

  it('is one of exactly so many where all have names', () => {
    const { mediaType } = describeRoute({ responseSchema: { price: Price } });
    expect(mediaType.itemSchema).toEqual({ oneOf: [ref('PriceEvent'), ref('GapEvent'), ...LAST] });
  });
});
