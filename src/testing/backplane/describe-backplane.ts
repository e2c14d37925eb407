import assert from 'node:assert/strict';
import type { BackplaneFactory } from './backplane-factory';
import { missingFor, type BackplaneProperty } from './backplane-property';
import { BackplaneScenario } from './backplane-scenario';
import { FAULT_PROPERTIES } from './properties/faults';
import { INSTANCE_PROPERTIES } from './properties/instances';
import { PUBLISHING_PROPERTIES } from './properties/publishing';
import { RESUMING_PROPERTIES } from './properties/resuming';
import { RETENTION_PROPERTIES } from './properties/retention';
import { SUBSCRIBER_PROPERTIES } from './properties/subscribers';

/** The functions of a test runner that the suite needs: those of Jest, Vitest and `node:test` are such. */
export interface TestFunctions {
  describe(name: string, body: () => void): unknown;
  readonly it: {
    (name: string, test: () => Promise<void>, timeout?: number): unknown;
    skip(name: string, test: () => Promise<void>): unknown;
  };
}

/** Options of `describeBackplane()`. */
export interface DescribeBackplaneOptions extends Partial<TestFunctions> {
  /**
   * What makes no sense for this engine, each with the reason: `another` instance, one that is `spawn`ed, `faults` of the
   * engine. Properties that need it are left out, and the name of the suite says so.
   *
   * @default {}
   */
  readonly without?: Readonly<Partial<Record<'another' | 'spawn' | 'faults', string>>> | undefined;
  /** Milliseconds that one step of a test may take: a delivery, a publication, a way back from a fault. @default 10_000 */
  readonly limit?: number | undefined;
  /** Milliseconds that a test may take. @default 120_000 */
  readonly timeout?: number | undefined;
}

const PROPERTIES: readonly BackplaneProperty[] = [
  ...PUBLISHING_PROPERTIES,
  ...RESUMING_PROPERTIES,
  ...RETENTION_PROPERTIES,
  ...SUBSCRIBER_PROPERTIES,
  ...INSTANCE_PROPERTIES,
  ...FAULT_PROPERTIES,
].toSorted((one, other) => one.number - other.number);

/**
 * Registers the conformance suite of backplanes: one test or more for each numbered property. What the factory cannot do is
 * shown as skipped, with the reason in its name, unless `without` says that it makes no sense.
 *
 * Payloads are well-formed strings (no lone surrogates), of any other characters: those are what a channel publishes.
 *
 * What was run: all 25 properties on Redis 7.0 and on PostgreSQL 15; on the memory backplane all but 4, 5, 14 to 19 and 24, which
 * need several instances or an engine that can break.
 *
 * @param name of the backplane.
 * @param options.describe @default the global of that name; pass both where there are no globals
 * @param options.it @default the global of that name
 * @throws Error where there is no test runner.
 *
 * @example
 * ```ts
 * describeBackplane('my backplane', {
 *   capabilities: { survives: 'nothing', dedupeWindow: 60_000, exactGaps: true },
 *   create: async () => {
 *     const backplane = myBackplane({ url });
 *     await backplane.start();
 *     return backplane;
 *   },
 * });
 * ```
 */
export function describeBackplane(
  name: string,
  factory: BackplaneFactory,
  options: DescribeBackplaneOptions = {},
): void {
  const { without = {}, limit = 10_000, timeout = 120_000 } = options;
  const { describe, it } = testFunctions(options);
  const run = (prove: BackplaneProperty['prove']) => async (): Promise<void> => {
    const scenario = new BackplaneScenario(factory, limit);
    try {
      await prove(scenario);
    } catch (error) {
      // What failed first is what counts.
      await scenario.dispose().catch(() => undefined);
      throw error;
    }
    await scenario.dispose();
  };

  const isWithout = (need: string): boolean => need.split('.').some((part) => part in without);
  const reasons = Object.entries(without).map(([need, reason]) => `, without ${need}: ${reason}`);

  describe(`${name}: conformance of a backplane${reasons.join('')}`, () => {
    it(
      '0 an instance declares the capabilities that are tested',
      run(async (scenario) => {
        assert.deepEqual({ ...(await scenario.instance()).capabilities }, { ...factory.capabilities });
      }),
      timeout,
    );
    for (const property of PROPERTIES.filter(({ needs = [] }) => !needs.some(isWithout))) {
      const reason = missingFor(property, factory);
      const title = `${property.number} ${property.promise}`;
      if (reason === undefined) {
        it(title, run(property.prove), timeout);
      } else {
        it.skip(`${title} [skipped: ${reason}]`, run(property.prove));
      }
    }
  });
}

function testFunctions(options: DescribeBackplaneOptions): TestFunctions {
  const globals = globalThis as Partial<TestFunctions>;
  const { describe = globals.describe, it = globals.it } = options;
  if (!describe || !it) {
    throw new Error(
      'describeBackplane needs the functions `describe` and `it` of a test runner: as globals, or as its options',
    );
  }
  return { describe, it };
}
