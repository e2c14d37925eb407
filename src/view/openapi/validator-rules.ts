import { asSent, DATE_AS_SENT } from './as-sent';
import { enumValues } from './model-type';
import { typeOfAll, withExclusiveBounds, type SchemaObject } from './schema-object';

/** One decorator of class-validator on a property. */
export interface Rule {
  readonly type: string;
  readonly name?: string | undefined;
  readonly target: unknown;
  readonly propertyName: string;
  readonly constraints?: readonly unknown[] | undefined;
  readonly constraintCls?: Function | undefined;
  readonly each?: boolean | undefined;
}

/** What a type of TypeScript and the decorators on it say together. */
export function schemaByRules(designType: unknown, rules: readonly Rule[]): SchemaObject {
  const byRules = rules.map(({ name = '', constraints = [] }) => RULES[name]?.(constraints) ?? {});
  const { above, below, ...schema }: RuleSchema = Object.assign({}, ...byRules);
  const types = byRules.map(({ type }) => type).filter((type) => type !== undefined);
  // `@IsInt() @Min(1)` is an integer, whichever comes first.
  const type = types.includes('integer') ? 'integer' : (types[0] ?? typeOfAll(schema.enum ?? []));
  const byType = type === undefined ? schemaOfDesignType(designType) : { type };
  const nullable = schema.enum?.includes(null) ? { nullable: true as const } : {};
  return withExclusiveBounds({ ...byType, ...schema, ...nullable, ...(type !== undefined && { type }) }, above, below);
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
      return DATE_AS_SENT;
    case BigInt:
      return { ...asSent('bigint')?.schema };
    case Map:
      return { type: 'object' };
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

const text =
  (keywords: SchemaObject = {}): (() => RuleSchema) =>
  () => ({ type: 'string', ...keywords });
const array = (keywords: SchemaObject = {}): RuleSchema => ({ type: 'array', ...keywords });

/** Decorators that say no more in a schema than that it is a string. */
const STRINGS =
  'isAlpha isAlphanumeric isAscii isBase32 isBase58 isBIC isBooleanString isBtcAddress isByteLength isCreditCard ' +
  'isCurrency isDataURI isDecimal isEAN isEthereumAddress IsFirebasePushId isFullWidth isHalfWidth isHash isHexColor ' +
  'isHexadecimal isHSL isIBAN isIdentityCard isISBN isIsbn isIsin isISO31661Alpha2 isISO31661Alpha3 isISO31661Numeric ' +
  'isISO4217CurrencyCode isISO6391 isISRC isISSN isJson isJwt isLatLong isLocale isLowercase isMacAddress isMagnetURI ' +
  'isMilitaryTime isMimeType isMobilePhone isMultibyte isNumberString isOctal isPassportNumber isPhoneNumber isPort ' +
  'isPostalCode isRgbColor isSemVer isStrongPassword isSurrogatePair isTaxId isTimeZone isUppercase isVariableWidth ' +
  'notContains';

/** What class-validator's decorators say in a schema, by their names. */
const RULES: Readonly<Record<string, ((constraints: readonly unknown[]) => RuleSchema) | undefined>> = {
  isString: text(),
  isBoolean: () => ({ type: 'boolean' }),
  isNumber: ([options]) => ({ type: 'number', ...(sendsNull(options) && { nullable: true as const }) }),
  isInt: () => ({ type: 'integer' }),
  isObject: () => ({ type: 'object' }),
  isNotEmptyObject: () => ({ type: 'object', minProperties: 1 }),
  isDate: () => DATE_AS_SENT,
  minDate: () => DATE_AS_SENT,
  maxDate: () => DATE_AS_SENT,

  min: ([value]) => ({ minimum: value as number }),
  max: ([value]) => ({ maximum: value as number }),
  isPositive: () => ({ above: 0 }),
  isNegative: () => ({ below: 0 }),
  isDivisibleBy: ([value]) => ({ multipleOf: value as number }),

  isEnum: ([members]) => ({ enum: enumValues(members as object) }),
  isIn: ([values]) => (Array.isArray(values) ? { enum: [...(values as unknown[])] } : {}),
  equals: ([value]) => (isJsonScalar(value) ? { enum: [value] } : {}),

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

function isJsonScalar(value: unknown): boolean {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

/** JSON has neither `NaN` nor `Infinity`: `null` is sent in their place. */
function sendsNull(options: unknown): boolean {
  const { allowNaN, allowInfinity } = (options ?? {}) as { allowNaN?: boolean; allowInfinity?: boolean };
  return allowNaN === true || allowInfinity === true;
}

/** A pattern has no flags in a schema; one that ignores case, for example, would be false. */
function patternOf(pattern: unknown): SchemaObject {
  return pattern instanceof RegExp && /^[dgyu]*$/.test(pattern.flags) ? { pattern: pattern.source } : {};
}
