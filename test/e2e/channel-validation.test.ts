import { Controller } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsInt, IsString, ValidateNested } from 'class-validator';
import { z } from 'zod';
import {
  ChannelView,
  SseModule,
  SseUnavailableError,
  SseValidationError,
  SseValidationTimeoutError,
  type SseChannelOptions,
  type SseModuleOptions,
  type StandardSchema,
} from 'nestjs-sse-views';
import { MAX_WAITING } from '../../src/channel/topic-turns';
import { ADAPTERS, startApp } from '../support/app';
import { closeChannelApps, startChannelApp, type ChannelApp } from '../support/channel-app';

afterEach(closeChannelApps);

@Controller('news')
class NewsView extends ChannelView {
  static readonly channel = 'news';

  override topic({ query }: { query: { topic?: string } }) {
    return query.topic;
  }
}

class Pet {
  @IsString() name!: string;
}
class Dog extends Pet {
  @IsInt() barks!: number;
}
class Owner {
  @ValidateNested()
  @Type(() => Pet, { discriminator: { property: 'kind', subTypes: [{ name: 'dog', value: Dog }] } })
  pet!: Pet;
}

const schemaOf = (validate: (value: unknown) => unknown): StandardSchema =>
  ({ '~standard': { version: 1, vendor: 'test', validate } }) as StandardSchema;

/** Answers for `never` never, for `later` later, and for others at once. */
const schema = schemaOf((value) =>
  value === 'never'
    ? new Promise(() => {})
    : value === 'later'
      ? new Promise((resolve) => setImmediate(() => resolve({ value })))
      : { value },
);

describe.each(ADAPTERS)('the validation of what is published, on %s', (adapter) => {
  const start = (channel: Partial<SseChannelOptions>, sse?: SseModuleOptions): Promise<ChannelApp> =>
    startChannelApp(adapter, { controllers: [NewsView], channel, ...(sse && { sse }) });

  /** What a client gets of one publication. */
  const sent = async (app: ChannelApp, data: unknown): Promise<unknown> => {
    const client = app.connect('/news');
    await client.untilEvents(1);
    await app.channel.publish({ data });
    await client.untilEvents(2);
    return client.events[1]!.data;
  };

  it('holds up its own topic for validationTimeout at most, in order, and no other topic', async () => {
    const app = await start({ schema, validationTimeout: 200 });
    const order: string[] = [];
    const publish = (data: string, topic?: string): Promise<unknown> =>
      app.channel.publish({ data }, { topic }).then(
        () => order.push(data),
        (error: unknown) => {
          order.push(`no ${data}`);
          throw error;
        },
      );
    const never = publish('never');
    const after = [publish('a'), publish('later'), publish('b')];
    await Promise.all([publish('c', 'other'), publish('later', 'other'), publish('d', 'third')]);
    expect(order.slice(0, 3).toSorted()).toEqual(['c', 'd', 'later']);
    await expect(never).rejects.toThrow(SseValidationTimeoutError);
    await expect(never).rejects.toMatchObject({ code: 'SSE_VALIDATION_TIMEOUT', timeout: 200 });
    await Promise.all(after);
    expect(order.slice(3)).toEqual(['no never', 'a', 'later', 'b']);
    expect(app.channel.counts.published).toBe(6);
  });

  it('lets so many wait for a topic, and refuses more with a code until some are through', async () => {
    const app = await start({ schema, validationTimeout: 400 });
    const waiting = Array.from({ length: MAX_WAITING }, (_, index) =>
      app.channel.publish({ data: index === 0 ? 'never' : index }).catch((error: unknown) => error),
    );
    const refused = app.channel.publish({ data: 'one more' });
    await expect(refused).rejects.toThrow(SseUnavailableError);
    await expect(refused).rejects.toMatchObject({ code: 'SSE_UNAVAILABLE' });
    await app.channel.publish({ data: 'elsewhere' }, { topic: 'other' });
    const [first] = await Promise.all(waiting);
    expect(first).toBeInstanceOf(SseValidationTimeoutError);
    await app.channel.publish({ data: 'again' });
    expect(app.channel.counts.published).toBe(MAX_WAITING + 1);
  });

  it('takes the time limit of the module where the channel says none', async () => {
    const app = await start({ schema }, { validationTimeout: 20 });
    await expect(app.channel.publish({ data: 'never' })).rejects.toMatchObject({ timeout: 20 });
  });

  it.each<[string, StandardSchema | typeof Owner, unknown, string]>([
    ['an unknown value of a discriminator', Owner, { pet: { kind: 'cat', name: 'a' } }, 'pet: must have one of "dog"'],
    [
      'a schema that throws',
      schemaOf(() => {
        throw new TypeError('a bug');
      }),
      1,
      'the schema threw an error: a bug',
    ],
    [
      'a schema that rejects',
      schemaOf(() => Promise.reject(new TypeError('a bug'))),
      1,
      'the schema threw an error: a bug',
    ],
  ])('rejects with SseValidationError and what was thrown: %s', async (_name, given, data, message) => {
    const app = await start({ schema: given });
    const published = app.channel.publish({ data });
    await expect(published).rejects.toThrow(SseValidationError);
    await expect(published).rejects.toThrow(message);
    await expect(published).rejects.toMatchObject({ code: 'SSE_INVALID_DATA', cause: expect.any(TypeError) });
    expect(app.channel.counts.published).toBe(0);
  });

  it('rejects an output that JSON cannot express', async () => {
    const app = await start({ schema: z.string().transform(() => undefined) });
    await expect(app.channel.publish({ data: 'a' })).rejects.toThrow(
      'the output of the schema is undefined, which JSON cannot express',
    );
  });

  it('handles properties that the class does not declare as the channel says, or the module', async () => {
    const row = { name: 'a', secret: 'b' };
    expect(await sent(await start({ schema: Pet }), row)).toEqual({ name: 'a' });
    expect(await sent(await start({ schema: Pet, extraneous: 'keep' }, { extraneous: 'refuse' }), row)).toEqual(row);
    const refuse = await start({ schema: Pet }, { extraneous: 'refuse' });
    await expect(refuse.channel.publish({ data: row })).rejects.toThrow('secret: property secret should not exist');
  });

  it('refuses to start with a class without one rule, and with options that cannot work', async () => {
    class Anything {
      a?: unknown;
    }
    await expect(startChannelApp(adapter, { channel: { schema: Anything } })).rejects.toThrow(
      'The channel "news": the class Anything has no decorator of class-validator: as a schema it validates nothing',
    );
    for (const option of [{ extraneous: 'drop' }, { validationTimeout: 0 }, { sheme: Pet }]) {
      const channels = [{ name: 'news', ...option }] as SseChannelOptions[];
      await expect((async () => startApp(adapter, { imports: [SseModule.forFeature(channels)] }))()).rejects.toThrow(
        Object.keys(option)[0] === 'sheme'
          ? 'there is no option "sheme". Did you mean "schema"? Options are name, schema'
          : `${Object.keys(option)[0]} must be `,
      );
    }
  });
});
