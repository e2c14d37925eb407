import { enumValues } from './model-type';
import { typeOfAll, withExclusiveBounds, type SchemaObject } from './schema-object';

/** One decorator of class-validator on a property. */
export interface Rule {
  readonly type: string;
  readonly name?: string;
  readonly target: unknown;
  readonly propertyName: string;
  readonly constraints?: readonly unknown[];
  readonly each?: boolean;
}

/** What a type of TypeScript and the decorators on it say together. */
export function schemaByRules(designType: unknown, rules: readonly Rule[]): SchemaObject {
  const byRules = rules.map(({ name = '', constraints = [] }) => RULES[name]?.(constraints) ?? {});
  const { above, below, ...schema }: RuleSchema = Object.assign({}, ...byRules);
  const types = byRules.map(({ type }) => type).filter((type) => type !== undefined);
  // `@IsInt() @Min(1)` is an integer, whichever comes first.
  const type = types.includes('integer') ? 'integer' : (types[0] ?? typeOfAll(schema.enum ?? []));
  const byType = type === undefined ? schemaOfDesignType(designType) : { type };
  return withExclusiveBounds({ ...byType, ...schema, ...(type !== undefined && { type }) }, above, below);
}

function schemaOfDesignType(designType: unknown): SchemaObject {
  switch (designType) {
    case String:
      return { type: 'string' };
    case Number:
      return { type: 'number' };
    case Boolean:
      return { type: 'boolean' };
    case Date:
      return DATE;
    case Array:
    case Set:
      return { type: 'array', items: {} };
    default:
      // Unions, interfaces and what has no type at all: Object says nothing.
      return {};
  }
}

/** A schema, and the bounds that exclude their own value. */
interface RuleSchema extends SchemaObject {
  above?: number;
  below?: number;
}

const DATE: SchemaObject = { type: 'string', format: 'date-time' };
const text =
  (keywords: SchemaObject = {}): (() => RuleSchema) =>
  () => ({ type: 'string', ...keywords });
const array = (keywords: SchemaObject = {}): RuleSchema => ({ type: 'array', ...keywords });

/** Decorators that say no more in a schema than that it is a string. */
const STRINGS =
  'isAlpha isAlphanumeric isAscii isBase32 isBase58 isBIC isBooleanString isByteLength isCreditCard isCurrency isDataURI ' +
  'isDecimal isEAN isHash isHexColor isHexadecimal isHSL isIBAN isIdentityCard isISBN isIsbn isIsin isISO31661Alpha2 ' +
  'isISO31661Alpha3 isISO4217CurrencyCode isJson isJwt isLocale isLowercase isMacAddress isMagnetURI isMilitaryTime ' +
  'isMimeType isMobilePhone isNumberString isPassportNumber isPhoneNumber isPort isPostalCode isRgbColor isSemVer ' +
  'isStrongPassword isTaxId isTimeZone isUppercase';

/** What class-validator's decorators say in a schema, by their names. */
const RULES: Readonly<Record<string, ((constraints: readonly unknown[]) => RuleSchema) | undefined>> = {
  isString: text(),
  isBoolean: () => ({ type: 'boolean' }),
  isNumber: () => ({ type: 'number' }),
  isInt: () => ({ type: 'integer' }),
  isObject: () => ({ type: 'object' }),
  isNotEmptyObject: () => ({ type: 'object', minProperties: 1 }),
  isDate: () => DATE,

  min: ([value]) => ({ minimum: value as number }),
  max: ([value]) => ({ maximum: value as number }),
  isPositive: () => ({ above: 0 }),
  isNegative: () => ({ below: 0 }),
  isDivisibleBy: ([value]) => ({ multipleOf: value as number }),

  isEnum: ([members]) => ({ enum: enumValues(members as object) }),
  isIn: ([values]) => (Array.isArray(values) ? { enum: [...(values as unknown[])] } : {}),
  equals: ([value]) => (value === null || typeof value === 'object' ? {} : { enum: [value] }),

  minLength: ([value]) => ({ type: 'string', minLength: value as number }),
  maxLength: ([value]) => ({ type: 'string', maxLength: value as number }),
  isLength: ([least, most]) => ({
    type: 'string',
    minLength: least as number,
    ...(most !== undefined && { maxLength: most as number }),
  }),
  matches: ([pattern]) => ({ type: 'string', ...patternOf(pattern) }),
  contains: ([part]) => ({ type: 'string', pattern: String(part).replace(/[.*+?^${}()|[\]\\/]/g, '\\$&') }),

  isEmail: text({ format: 'email' }),
  isUuid: text({ format: 'uuid' }),
  isUrl: text({ format: 'uri' }),
  isFqdn: text({ format: 'hostname' }),
  isDateString: text({ format: 'date-time' }),
  isIso8601: text({ format: 'date-time' }),
  isRFC3339: text({ format: 'date-time' }),
  isBase64: text({ format: 'byte' }),
  isMongoId: text({ pattern: '^[0-9a-fA-F]{24}$' }),
  isIp: ([version]) => ({
    type: 'string',
    ...(version !== undefined && { format: String(version) === '6' ? 'ipv6' : 'ipv4' }),
  }),
  ...Object.fromEntries(STRINGS.split(' ').map((name) => [name, text()])),

  isArray: () => array(),
  arrayNotEmpty: () => array({ minItems: 1 }),
  arrayMinSize: ([size]) => array({ minItems: size as number }),
  arrayMaxSize: ([size]) => array({ maxItems: size as number }),
  arrayUnique: () => array({ uniqueItems: true }),
};

/** A pattern has no flags in a schema; one that ignores case, for example, would be false. */
function patternOf(pattern: unknown): SchemaObject {
  return pattern instanceof RegExp && /^[dgyu]*$/.test(pattern.flags) ? { pattern: pattern.source } : {};
}
