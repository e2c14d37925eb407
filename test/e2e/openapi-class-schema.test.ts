import { Controller, Get, type INestApplication, Module, type Type } from '@nestjs/common';
import {
  ApiHideProperty,
  ApiOkResponse,
  ApiProperty,
  DocumentBuilder,
  IntersectionType,
  OmitType,
  PartialType,
  PickType,
  SwaggerModule,
} from '@nestjs/swagger';
import * as mapped from '@nestjs/mapped-types';
import { Exclude, Expose, Transform, Type as TransformType } from 'class-transformer';
import {
  Allow,
  ArrayMinSize,
  Equals,
  IsArray,
  IsBoolean,
  IsDate,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  MaxLength,
  Min,
  MinDate,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { ServerSentEventsView } from 'nestjs-sse-views';
import { compileClassSchema } from '../../src/validation/compile-class-schema';
import { ADAPTERS, closeApps, startApp } from '../support/app';
import { findingsOf, fitsIn, type OpenApiDocument } from '../support/openapi-validation';

afterEach(closeApps);

const VERSIONS = ['3.0.0', '3.1.0'] as const;

function documentOf(app: INestApplication, version: string = '3.0.0', include?: Type[]): OpenApiDocument {
  const config = new DocumentBuilder().setTitle('Classes').setOpenAPIVersion(version).build();
  const document = SwaggerModule.createDocument(app, config, { ...(include && { include }) });
  return JSON.parse(JSON.stringify(document)) as OpenApiDocument;
}

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

class Inner {
  @IsString() name!: string;
}

class Stock {
  @IsString() @MaxLength(5) symbol!: string;
  @IsNumber() @Min(0) price!: number;
  @IsOptional() @IsString() note?: string;
  @ValidateNested({ each: true }) @TransformType(() => Inner) parts!: Inner[];
  @ValidateNested() @TransformType(() => Inner) owner!: Inner;
}

class Audit {
  @IsDate() changedAt!: Date;
}

/** A class as the compiler plugin leaves it: `secret` is hidden by `@ApiHideProperty()`. */
class ByPlugin {
  static _OPENAPI_METADATA_FACTORY() {
    return { shown: { required: true, type: () => String, description: 'by the plugin' } };
  }
  @IsString() shown!: string;
  @ApiHideProperty() @IsString() secret!: string;
}

class Described {
  @ApiProperty({ description: 'by hand' }) @IsString() told!: string;
  @IsInt() found!: number;
}

class Picked extends PickType(Stock, ['symbol', 'owner']) {}
class Partially extends PartialType(Stock) {}
class PartiallyNotNull extends PartialType(Stock, { skipNullProperties: false }) {}
class Omitted extends OmitType(Stock, ['parts', 'owner']) {
  @IsBoolean() extra!: boolean;
}
class Nested extends PartialType(OmitType(IntersectionType(Stock, Audit), ['parts'])) {}
class PickedWithPlugin extends PickType(ByPlugin, ['shown', 'secret']) {}
class HalfByPlugin extends IntersectionType(ByPlugin, Audit) {}
class PickedDescribed extends PickType(Described, ['told', 'found']) {}
class OfMappedTypes extends mapped.PartialType(mapped.PickType(Stock, ['symbol', 'price'])) {}
class OfMappedIntersection extends mapped.IntersectionType(mapped.OmitType(Stock, ['parts', 'owner']), Audit) {}
const Bare = PickType(Stock, ['price']);

const INNER = ref('Inner');
const SYMBOL = { type: 'string', maxLength: 5 };
const PRICE = { type: 'number', minimum: 0 };
const NOTE = { type: 'string', nullable: true };
const CHANGED = { type: 'string', format: 'date-time' };
const OWNER_OR_NULL = { type: 'object', nullable: true, allOf: [INNER] };

/** Mapped types, each with its properties and with those that are required. */
const MAPPED: readonly (readonly [Type, Record<string, unknown>, readonly string[]])[] = [
  [Picked, { symbol: SYMBOL, owner: INNER }, ['symbol', 'owner']],
  [
    Partially,
    {
      symbol: { ...SYMBOL, nullable: true },
      price: { ...PRICE, nullable: true },
      note: NOTE,
      parts: { type: 'array', nullable: true, items: INNER },
      owner: OWNER_OR_NULL,
    },
    [],
  ],
  [
    PartiallyNotNull,
    { symbol: SYMBOL, price: PRICE, note: NOTE, parts: { type: 'array', items: INNER }, owner: INNER },
    [],
  ],
  [Omitted, { symbol: SYMBOL, price: PRICE, note: NOTE, extra: { type: 'boolean' } }, ['symbol', 'price', 'extra']],
  [
    Nested,
    {
      symbol: { ...SYMBOL, nullable: true },
      price: { ...PRICE, nullable: true },
      note: NOTE,
      owner: OWNER_OR_NULL,
      changedAt: { ...CHANGED, nullable: true },
    },
    [],
  ],
  [PickedWithPlugin, { shown: { type: 'string', description: 'by the plugin' } }, ['shown']],
  [
    HalfByPlugin,
    { shown: { type: 'string', description: 'by the plugin' }, changedAt: CHANGED },
    ['shown', 'changedAt'],
  ],
  [
    PickedDescribed,
    { told: { type: 'string', description: 'by hand' }, found: { type: 'integer' } },
    ['told', 'found'],
  ],
  [OfMappedTypes, { symbol: { ...SYMBOL, nullable: true }, price: { ...PRICE, nullable: true } }, []],
  [
    OfMappedIntersection,
    { symbol: SYMBOL, price: PRICE, note: NOTE, changedAt: CHANGED },
    ['symbol', 'price', 'changedAt'],
  ],
  [Bare, { price: PRICE }, ['price']],
];

class Cat {
  @IsBoolean() purrs!: boolean;
}

class Dog {
  @IsIn(['dog']) kind!: string;
  @IsInt() barks!: number;
  // It may hold pets itself.
  @IsOptional()
  @ValidateNested({ each: true })
  @TransformType(() => Object, {
    discriminator: {
      property: 'kind',
      subTypes: [
        { value: Cat, name: 'cat' },
        { value: Dog, name: 'dog' },
      ],
    },
  })
  friends?: (Cat | Dog)[];
}

class Owner {
  @ValidateNested()
  @TransformType(() => Object, {
    discriminator: {
      property: 'kind',
      subTypes: [
        { value: Cat, name: 'cat' },
        { value: Dog, name: 'dog' },
      ],
    },
  })
  favourite!: Cat | Dog;

  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ValidateNested({ each: true })
  @TransformType(() => Object, {
    keepDiscriminatorProperty: true,
    discriminator: {
      property: 'kind',
      subTypes: [
        { value: Cat, name: 'cat' },
        { value: Dog, name: 'dog' },
      ],
    },
  })
  pets?: (Cat | Dog)[];
}

class Loose {
  @IsOptional() @IsString() optional?: string | null;
  @ValidateIf((_, value) => value !== null) @IsString() nullable!: string | null;
  @ValidateIf((loose: Loose) => loose.byObject !== null) @IsInt() byObject!: number | null;
  @ValidateIf((_, value) => value !== undefined) @IsString() absent?: string;
  @ValidateIf((loose: Loose) => loose.optional === 'x') @IsString() dependent?: string;
  @IsIn(['a', null]) choice!: string | null;
  @Equals(null) nothing!: null;
  @IsNumber({ allowNaN: true }) ratio!: number;
  @IsOptional() @ValidateNested() @TransformType(() => Inner) inner?: Inner | null;
  @IsOptional() @IsIn(['a', 'b']) letter?: string | null;
}

class Sent {
  @Allow() map!: Map<string, unknown>;
  @ValidateNested({ each: true }) @TransformType(() => Inner) inners!: Map<string, Inner>;
  @IsInt({ each: true }) numbers!: Set<number>;
  @Transform(({ value }: { value: number }) => value.toFixed(2)) @IsNumber() money!: number;
  @Transform(({ value }: { value: string }) => value.trim(), { toClassOnly: true }) @IsString() trimmed!: string;
  @Expose({ name: 'short' }) @IsString() veryLong!: string;
  @Expose({ groups: ['admin'] }) @IsString() forSome!: string;
  @Exclude() @IsString() secret!: string;
  @MinDate(new Date(0)) since!: Date;
  @IsOptional() @TransformType(() => Date) until?: Date | null;
}

@Controller('classes')
class Classes extends ServerSentEventsView {
  static readonly responseSchema = {
    ...Object.fromEntries(MAPPED.map(([model]) => [model.name, model])),
    owner: Owner,
    loose: Loose,
    sent: Sent,
  };

  async *events() {
    yield { event: 'none' } as never;
  }
}

/** What a class makes of data, as a client gets it. */
async function sent(model: Type, data: object): Promise<unknown> {
  const result = await compileClassSchema(model)(data, undefined);
  if ('issues' in result && result.issues) {
    throw new Error(JSON.stringify(result.issues));
  }
  return JSON.parse(JSON.stringify((result as { value: unknown }).value)) as unknown;
}

const componentOf = (document: OpenApiDocument, name: string) =>
  document.components!.schemas![name] as { properties: Record<string, unknown>; required?: string[] };

describe.each(ADAPTERS)('class-validator classes in documents on %s', (adapter) => {
  it.each(VERSIONS)('make a valid document of OpenAPI %s, with examples that fit', async (version) => {
    const { app } = await startApp(adapter, { controllers: [Classes] });
    const document = documentOf(app, version);
    expect(await findingsOf(document)).toEqual([]);
    const { examples, schema } = (
      document.paths['/classes']!['get'] as {
        responses: Record<
          string,
          { content: Record<string, { schema: unknown; examples: Record<string, { value: string }> }> }
        >;
      }
    ).responses['200']!.content['text/event-stream']!;
    const fits = fitsIn(document, { anyOf: (schema as { oneOf: unknown[] }).oneOf });
    const names = Object.keys(examples).filter((name) => name !== 'end');
    expect(names).toEqual([...MAPPED.map(([{ name }]) => name), 'owner', 'loose', 'sent']);
    for (const name of names) {
      const data = /^data: (.*)$/m.exec(examples[name]!.value)![1]!;
      expect([name, data, fits(JSON.parse(data))]).toEqual([name, data, true]);
    }
  });

  it('show the properties of mapped types, and which of them are required', async () => {
    const { app } = await startApp(adapter, { controllers: [Classes] });
    const document = documentOf(app);
    for (const [model, properties, required] of MAPPED) {
      const component = componentOf(document, model.name);
      expect([model.name, component.properties]).toEqual([model.name, properties]);
      expect([model.name, (component.required ?? []).toSorted()]).toEqual([model.name, required.toSorted()]);
    }
  });

  it.each(VERSIONS)('show in %s what may be null and what may be absent, as it is sent', async (version) => {
    const { app } = await startApp(adapter, { controllers: [Classes] });
    const document = documentOf(app, version);
    const fits = fitsIn(document, ref('Loose'));
    const least = { nullable: null, byObject: null, choice: null, nothing: null, ratio: NaN };
    const full = { optional: null, nullable: 'a', byObject: 1, absent: 'a', choice: 'a', nothing: null, ratio: 1 };
    const more = { inner: null, letter: null, dependent: 'x' };
    for (const data of [least, full, { ...full, ...more }, { ...full, inner: { name: 'n' }, letter: 'b' }]) {
      expect([data, fits(await sent(Loose, data))]).toEqual([data, true]);
    }
    const { nullable: _nullable, ...without } = full;
    for (const data of [without, { ...full, absent: null }, { ...full, letter: 'c' }, { ...full, nothing: 1 }]) {
      await expect(sent(Loose, data)).rejects.toThrow(/constraint|must|property/);
      expect([data, fits(data)]).toEqual([data, false]);
    }
    expect(componentOf(document, 'Loose').required).toEqual(['nullable', 'byObject', 'choice', 'nothing', 'ratio']);
  });

  it.each(VERSIONS)('show in %s the classes of a discriminator, with the name that is sent', async (version) => {
    const { app } = await startApp(adapter, { controllers: [Classes] });
    const document = documentOf(app, version);
    const choice = {
      oneOf: [ref('Cat'), ref('Dog')],
      discriminator: { propertyName: 'kind', mapping: { cat: ref('Cat').$ref, dog: ref('Dog').$ref } },
    };
    const { favourite, pets } = componentOf(document, 'Owner').properties;
    expect(favourite).toEqual(choice);
    expect(pets).toMatchObject({ items: choice, minItems: 1 });
    expect(componentOf(document, 'Dog').properties['friends']).toMatchObject({ items: choice });
    expect(componentOf(document, 'Cat')).toMatchObject({
      properties: { kind: { type: 'string', enum: ['cat'] } },
      required: ['kind', 'purrs'],
    });
    const fits = fitsIn(document, ref('Owner'));
    const cat = { kind: 'cat', purrs: true };
    const dog = Object.assign(new Dog(), { kind: 'dog', barks: 1 });
    const instance = Object.assign(new Owner(), { favourite: Object.assign(new Cat(), { purrs: true }), pets: [dog] });
    const out = await sent(Owner, instance);
    expect(out).toEqual({ favourite: cat, pets: [{ kind: 'dog', barks: 1 }] });
    expect(fits(out)).toBe(true);
    expect(fits({ favourite: cat, pets: null })).toBe(true);
    expect(fits({ favourite: { purrs: true } })).toBe(false);
    expect(fits({ favourite: { kind: 'dog', purrs: true } })).toBe(false);
  });

  it.each(VERSIONS)('show in %s what class-transformer and JSON make of values', async (version) => {
    const { app, log } = await startApp(adapter, { controllers: [Classes] });
    const document = documentOf(app, version);
    const data = Object.assign(new Sent(), {
      map: new Map([['a', 1]]),
      inners: new Map([['a', Object.assign(new Inner(), { name: 'n' })]]),
      numbers: new Set([1, 2]),
      money: 1,
      trimmed: 'a',
      veryLong: 'b',
      forSome: 'c',
      secret: 'd',
      since: new Date(1),
      until: null,
    });
    const out = await sent(Sent, data);
    expect(out).toEqual({
      map: { a: 1 },
      inners: { a: { name: 'n' } },
      numbers: [1, 2],
      money: '1.00',
      trimmed: 'a',
      short: 'b',
      since: '1970-01-01T00:00:00.001Z',
      until: null,
    });
    const fits = fitsIn(document, ref('Sent'));
    expect(fits(out)).toBe(true);
    expect(fits({ ...(out as object), inners: { a: {} } })).toBe(false);
    expect(fits({ ...(out as object), numbers: ['x'] })).toBe(false);
    expect(Object.keys(componentOf(document, 'Sent').properties).toSorted()).toEqual(
      [...Object.keys(out as object), 'forSome'].toSorted(),
    );
    // The metadata of a class are read once in a process.
    const told = log.filter(({ message }) => message.includes('@Transform()'));
    expect(told.every(({ message }) => message.startsWith('Sent: money: '))).toBe(true);
  });

  it('show the classes of a discriminator also in a document without the stream', async () => {
    @Controller('plain')
    class Plain {
      @Get()
      @ApiOkResponse({ type: Owner })
      read(): void {}
    }
    @Module({ controllers: [Plain] })
    class PlainModule {}
    const { app } = await startApp(adapter, { controllers: [Classes], imports: [PlainModule] });
    const document = documentOf(app, '3.0.0', [PlainModule]);
    expect(Object.keys(document.paths)).toEqual(['/plain']);
    expect(await findingsOf(document)).toEqual([]);
    expect(Object.keys(document.components!.schemas!).toSorted()).toEqual(['Cat', 'Dog', 'Owner']);
  });
});
