import { messageOf } from '../event/error-text';
import { discriminatorOf, type Discriminator, type TransformerClasses } from './class-transformer-metadata';
import type { InvalidResult } from './validate';

/** A value that class-transformer was converting, and what it was to become. */
export interface ConversionStep {
  readonly given: unknown;
  /** What was converted in its place. */
  readonly value: unknown;
  readonly targetType: unknown;
}

/** class-transformer could not convert the data of an event. */
export class ConversionError extends Error {
  readonly result: InvalidResult;

  /** @param steps the values from the data as a whole to the one at fault. */
  constructor(cause: unknown, steps: readonly ConversionStep[], isToInstance: boolean, classes: TransformerClasses) {
    const last = steps.at(-1)!;
    const unknown = unknownSubType(last, classes, isToInstance);
    const message = unknown?.message ?? messageFor(cause, last, isToInstance);
    super(message, { cause });
    this.name = 'ConversionError';
    this.result = { issues: [{ path: [...pathOf(steps), ...(unknown?.path ?? [])], message }], cause };
  }
}

function messageFor(cause: unknown, { value, targetType }: ConversionStep, isToInstance: boolean): string {
  if (cause instanceof RangeError && cause.message.includes('call stack')) {
    return 'holds itself, or is nested too deeply to be copied';
  }
  const model: unknown =
    typeof targetType === 'function' ? targetType : (value as object | null | undefined)?.constructor;
  const because = messageOf(cause);
  if (isToInstance && typeof model === 'function' && model !== Object && typeof value === 'object') {
    return (
      `cannot be made an object of the class ${model.name}: ${because}. Its constructor is called without arguments: ` +
      'give each parameter a default, or send objects of the class'
    );
  }
  return `cannot be converted by class-transformer: ${because}`;
}

interface Finding {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** What class-transformer has no words for: an object that is of none of the classes of a discriminator. */
function unknownSubType(
  { given: value, targetType }: ConversionStep,
  classes: TransformerClasses,
  isToInstance: boolean,
): Finding | undefined {
  if (Array.isArray(value)) {
    const discriminator = discriminatorOf(targetType);
    const index = discriminator ? value.findIndex((item) => !fits(item, discriminator, isToInstance)) : -1;
    return index < 0 ? undefined : { path: [index], message: chosenBy(discriminator!) };
  }
  if (isToInstance || typeof value !== 'object' || value === null) {
    return undefined;
  }
  const model = typeof targetType === 'function' ? targetType : value.constructor;
  for (const [property, discriminator] of classes.discriminatorsOf(model) ?? []) {
    const item: unknown = value[property as never];
    if (item && !Array.isArray(item) && !fits(item, discriminator, isToInstance)) {
      return { path: [property], message: chosenBy(discriminator) };
    }
  }
  return undefined;
}

function fits(item: unknown, { property, subTypes }: Discriminator, isToInstance: boolean): boolean {
  return (
    typeof item === 'object' &&
    item !== null &&
    (isToInstance ? property in item : subTypes.some((subType) => subType.value === item.constructor))
  );
}

function chosenBy({ property, subTypes }: Discriminator): string {
  const names = subTypes.map(({ name }) => `"${name}"`).join(', ');
  return `must have one of ${names} as "${property}", by which @Type() chooses the class`;
}

/** The longest path that is named: data that hold themselves have no end. */
const MAX_PATH = 20;

/** The keys that lead from each value to the next; those that cannot be found end the path. */
function pathOf(steps: readonly ConversionStep[]): PropertyKey[] {
  const path: PropertyKey[] = [];
  for (let index = 1; index < steps.length && index <= MAX_PATH; index++) {
    const key = keyOf(steps[index - 1]!.value, steps[index]!.given);
    if (key === undefined) {
      break;
    }
    path.push(key);
  }
  return path;
}

function keyOf(parent: unknown, child: unknown): PropertyKey | undefined {
  if (typeof parent !== 'object' || parent === null) {
    return undefined;
  }
  if (parent instanceof Set) {
    return [...parent].indexOf(child);
  }
  if (parent instanceof Map) {
    const entry = [...parent].find(([, value]) => value === child);
    return entry && String(entry[0]);
  }
  return Object.keys(parent).find((key) => {
    try {
      return Object.is(parent[key as never], child);
    } catch {
      return false;
    }
  });
}
