import type { BackplaneFactory } from './backplane-factory';
import type { BackplaneScenario } from './backplane-scenario';

/** What a property needs of the factory beside `create`. */
export type BackplaneNeed =
  | 'another'
  | 'unrelated'
  | 'spawn'
  | `faults.${'dropReply' | 'kill' | 'wipe' | 'checkpoint' | 'halfOpen' | 'isolate'}`
  | 'persistence';

/** One promise of a backplane, and how to see whether it is kept. */
export interface BackplaneProperty {
  /** Its number in the list of properties; several tests may prove parts of one. */
  readonly number: number;
  /** What is promised. */
  readonly promise: string;
  readonly needs?: readonly BackplaneNeed[] | undefined;
  prove(scenario: BackplaneScenario): Promise<void>;
}

/** What the factory lacks for a property. */
export function missingFor({ needs = [] }: BackplaneProperty, factory: BackplaneFactory): string | undefined {
  const missing = needs.filter((need) => !has(factory, need));
  return missing.length === 0 ? undefined : `the factory has no ${missing.join(', no ')}`;
}

function has(factory: BackplaneFactory, need: BackplaneNeed): boolean {
  if (need === 'persistence') {
    return factory.capabilities.survives === 'engine-restart';
  }
  const [, fault] = need.split('.');
  return fault === undefined
    ? factory[need as 'another'] !== undefined
    : factory.faults?.[fault as 'kill'] !== undefined;
}
