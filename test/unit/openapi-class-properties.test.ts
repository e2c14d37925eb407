import { Logger } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Exclude, Expose, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayNotEmpty,
  ArrayUnique,
  Contains,
  Equals,
  IsArray,
  IsBoolean,
  IsDate,
  IsDateString,
  IsDivisibleBy,
  IsEmail,
  IsEnum,
  IsHexColor,
  IsIn,
  IsInt,
  IsIP,
  IsISO8601,
  IsMongoId,
  IsNegative,
  IsNumber,
  IsObject,
  IsOptional,
  IsPositive,
  IsString,
  IsUrl,
  IsUUID,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { describedProperties, type ModelProperty } from '../../src/event/swagger-metadata';
import { describeByValidators, propertiesByValidators } from '../../src/view/openapi/class-properties';

const logger = new Logger();

/** The properties without what says that they are required. */
const keywordsOf = (model: Function): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(propertiesByValidators(model)).map(([name, { required: _required, ...keywords }]) => [
      name,
      keywords,
    ]),
  );

const described = (model: Function): Record<string, ModelProperty> => {
  describeByValidators(model, logger);
  return describedProperties(model);
};

enum Side {
  Buy = 'buy',
  Sell = 'sell',
}

enum Level {
  Low,
  High = 5,
}

describe('the properties of a class by its validators', () => {
  it('have the type of TypeScript where validators name none', () => {
    class Model {
      @Min(1) number!: number;
      @Equals('x') text!: string;
      @ValidateIf(() => true) flag!: boolean;
      @ValidateIf(() => true) at!: Date;
      @ValidateIf(() => true) union!: string | number;
    }
    expect(keywordsOf(Model)).toEqual({
      number: { type: 'number', minimum: 1 },
      text: { type: 'string', enum: ['x'] },
      flag: { type: 'boolean' },
      at: { type: 'string', format: 'date-time' },
      // A type must be written; beside a combination it does not count.
      union: { type: 'object', anyOf: [{}] },
    });
  });

  it('have the bounds of numbers, without what a bound excludes', () => {
    class Model {
      @IsNumber() @Min(0) @Max(10) between!: number;
      @IsPositive() positive!: number;
      @IsNegative() negative!: number;
      @Min(1) @IsInt() whole!: number;
      @IsInt() @IsPositive() counting!: number;
      @IsInt() @IsNegative() owing!: number;
      @IsPositive() @Min(5) fromFive!: number;
      @IsDivisibleBy(5) fives!: number;
    }
    expect(keywordsOf(Model)).toEqual({
      between: { type: 'number', minimum: 0, maximum: 10 },
      positive: { type: 'number', minimum: 0, not: { enum: [0] } },
      negative: { type: 'number', maximum: 0, not: { enum: [0] } },
      whole: { type: 'integer', minimum: 1 },
      counting: { type: 'integer', minimum: 1 },
      owing: { type: 'integer', maximum: -1 },
      fromFive: { type: 'number', minimum: 5 },
      fives: { type: 'number', multipleOf: 5 },
    });
  });

  it('have lengths, patterns and formats of strings', () => {
    class Model {
      @MinLength(2) @MaxLength(5) short!: string;
      @Length(3, 4) length!: string;
      @Matches(/^[A-Z]+$/) upper!: string;
      @Matches(/^a$/i) anyCase!: string;
      @Contains('a.b') contains!: string;
      @IsEmail() email!: string;
      @IsUUID() uuid!: string;
      @IsUrl() url!: string;
      @IsDateString() when!: string;
      @IsISO8601() iso!: string;
      @IsIP('4') ip!: string;
      @IsMongoId() mongo!: string;
    }
    expect(keywordsOf(Model)).toEqual({
      short: { type: 'string', minLength: 2, maxLength: 5 },
      length: { type: 'string', minLength: 3, maxLength: 4 },
      upper: { type: 'string', pattern: '^[A-Z]+$' },
      // A pattern in a schema has no flags.
      anyCase: { type: 'string' },
      contains: { type: 'string', pattern: 'a\\.b' },
      email: { type: 'string', format: 'email' },
      uuid: { type: 'string', format: 'uuid' },
      url: { type: 'string', format: 'uri' },
      when: { type: 'string', format: 'date-time' },
      iso: { type: 'string', format: 'date-time' },
      ip: { type: 'string', format: 'ipv4' },
      mongo: { type: 'string', pattern: '^[0-9a-fA-F]{24}$' },
    });
  });

  it('have the values of enums and lists, with their type', () => {
    class Model {
      @IsEnum(Side) side!: Side;
      @IsEnum(Level) level!: Level;
      @IsIn(['a', 'b']) letter!: string;
      @IsIn(['a', 1]) mixed!: string | number;
    }
    expect(keywordsOf(Model)).toEqual({
      side: { type: 'string', enum: ['buy', 'sell'] },
      level: { type: 'number', enum: [0, 5] },
      letter: { type: 'string', enum: ['a', 'b'] },
      mixed: { type: 'object', anyOf: [{ enum: ['a', 1] }] },
    });
  });

  it('have the items of arrays', () => {
    class Model {
      @IsString({ each: true }) tags!: string[];
      @IsArray() @ArrayMinSize(1) @ArrayMaxSize(3) @IsInt({ each: true }) @Min(1, { each: true }) counts!: number[];
      @IsEnum(Side, { each: true }) @ArrayUnique() sides!: Side[];
      @IsHexColor({ each: true }) @ArrayNotEmpty() colours!: Set<string>;
      @IsArray() anything!: unknown[];
      @IsDate({ each: true }) dates!: Date[];
    }
    expect(keywordsOf(Model)).toEqual({
      tags: { type: 'array', items: { type: 'string' } },
      counts: { type: 'array', minItems: 1, maxItems: 3, items: { type: 'integer', minimum: 1 } },
      sides: { type: 'array', uniqueItems: true, items: { type: 'string', enum: ['buy', 'sell'] } },
      colours: { type: 'array', minItems: 1, items: { type: 'string' } },
      anything: { type: 'array', items: {} },
      dates: { type: 'array', items: { type: 'string', format: 'date-time' } },
    });
  });

  it('refer to classes, in arrays by @Type()', () => {
    class Inner {
      @IsString() name!: string;
    }
    class Foreign {
      opaque!: string;
    }
    class Model {
      @ValidateNested() one!: Inner;
      @ValidateNested({ each: true }) @Type(() => Inner) @ArrayMinSize(1) many!: Inner[];
      @IsObject() foreign!: Foreign;
    }
    const { one, many, foreign } = propertiesByValidators(Model);
    expect(one).toEqual({ required: true, type: expect.any(Function), isArray: false });
    expect(many).toEqual({ required: true, type: expect.any(Function), isArray: true, minItems: 1 });
    // `@nestjs/swagger` takes a function of this name for a reference to a class.
    expect((one!.type as () => unknown)()).toBe(Inner);
    expect((many!.type as Function).name).toBe('type');
    // Nothing is known of this class; it may be written as anything.
    expect(foreign).toEqual({ required: true, type: 'object' });
  });

  it('are required unless @IsOptional() or @ValidateIf() allows their absence', () => {
    class Model {
      @IsString() needed!: string;
      @IsOptional() @IsString() optional?: string;
      @ValidateIf((model: Model) => model.needed === 'x') @IsString() conditional?: string;
      @ValidateIf(() => true) @IsString() always!: string;
    }
    const required = Object.entries(propertiesByValidators(Model)).map(([name, property]) => [name, property.required]);
    expect(Object.fromEntries(required)).toEqual({ needed: true, optional: false, conditional: false, always: true });
  });

  it('are the ones that class-transformer writes, by the names that it writes', () => {
    class Open {
      @IsString() shown!: string;
      @Exclude() @IsString() secret!: string;
      @Exclude({ toClassOnly: true }) @IsString() written!: string;
      @Expose({ name: 'short' }) @IsString() veryLong!: string;
      @Expose() get computed(): number {
        return 1;
      }
    }
    expect(Object.keys(propertiesByValidators(Open))).toEqual(['shown', 'written', 'short', 'computed']);

    @Exclude()
    class Closed {
      @Expose() @IsString() shown!: string;
      @IsString() hidden!: string;
    }
    expect(Object.keys(propertiesByValidators(Closed))).toEqual(['shown']);
  });

  it('come with a subclass, whose validators say more', () => {
    class Base {
      @IsString() name!: string;
      @IsOptional() @IsNumber() price?: number;
    }
    class Sub extends Base {
      @IsBoolean() extra!: boolean;
      @MinLength(3) declare name: string;
    }
    expect(described(Base)).toEqual({
      name: { type: 'string', required: true, isArray: false },
      price: { type: 'number', nullable: true, required: false, isArray: false },
    });
    expect(described(Sub)).toEqual({
      name: { type: 'string', minLength: 3, required: true, isArray: false },
      price: { type: 'number', nullable: true, required: false, isArray: false },
      extra: { type: 'boolean', required: true, isArray: false },
    });
  });

  it('leave alone what @ApiProperty describes', () => {
    class Model {
      @ApiProperty({ description: 'mine', type: String }) @IsNumber() @Min(3) own!: number;
      @IsNumber() other!: number;
    }
    expect(described(Model)).toEqual({
      own: { type: String, isArray: false, description: 'mine' },
      other: { type: 'number', required: true, isArray: false },
    });
  });

  it('leave alone what the compiler plugin describes, and what it leaves out', () => {
    class Model {
      static _OPENAPI_METADATA_FACTORY() {
        return { shown: { required: true, type: () => String, description: 'by the plugin' } };
      }
      @IsString() shown!: string;
      @IsString() hidden!: string;
    }
    expect(described(Model)).toEqual({
      shown: { required: true, type: expect.any(Function), description: 'by the plugin' },
    });
  });

  it('do not bring back what the plugin leaves out of a base class', () => {
    class Base {
      static _OPENAPI_METADATA_FACTORY() {
        return { shown: { required: true, type: () => String } };
      }
      @IsString() shown!: string;
      @IsString() hidden!: string;
    }
    class Sub extends Base {
      @IsString() extra!: string;
    }
    expect(Object.keys(described(Sub))).toEqual(['shown', 'extra']);
  });

  it('give way to the compiler plugin when its metadata are loaded later, as with SWC', () => {
    class Model {
      @IsString() shown!: string;
      @IsString() hidden!: string;
    }
    describeByValidators(Model, logger);
    Object.assign(Model, { _OPENAPI_METADATA_FACTORY: () => ({ shown: { type: () => String } }) });
    expect(Object.keys(describedProperties(Model))).toEqual(['shown']);
  });

  it('are found in the classes that a class refers to, also in a circle', () => {
    class Leaf {
      @IsString() name!: string;
    }
    class Tree {
      @ValidateNested() @Type(() => Tree) left?: Tree;
      @ApiProperty({ type: () => [Leaf] }) leaves!: Leaf[];
    }
    describeByValidators(Tree, logger);
    expect(describedProperties(Leaf)).toEqual({ name: { type: 'string', required: true, isArray: false } });
  });

  it('do not touch a class of which nothing is known', () => {
    class Foreign {
      opaque!: string;
    }
    describeByValidators(Object.freeze(Foreign), logger);
    expect(Object.getOwnPropertyNames(Foreign)).not.toContain('_OPENAPI_METADATA_FACTORY');
  });
});
