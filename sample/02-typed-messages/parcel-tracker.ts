import { Injectable } from '@nestjs/common';
import { setTimeout as wait } from 'node:timers/promises';
import { ParcelDelivered, ParcelMoved, ParcelPickedUp, type AnyParcelMessage } from './parcel-messages';

/** Milliseconds from one stop to the next. */
const STEP = 900;
const ROUTES = [
  ['Hamburg', 'Hanover', 'Kassel', 'Würzburg', 'Munich'],
  ['Lisbon', 'Salamanca', 'Bordeaux', 'Tours', 'Paris'],
  ['Oslo', 'Gothenburg', 'Malmö', 'Copenhagen'],
];
const RECEIVERS = ['the addressee', 'a neighbour', 'the front desk'];

/** Simulates the journeys of parcels; the same code always takes the same route. */
@Injectable()
export class ParcelTracker {
  /**
   * The messages about a parcel after one that is known already, until it is delivered.
   *
   * @throws AbortError when the signal aborts.
   */
  async *follow(code: string, after: number, signal: AbortSignal): AsyncGenerator<AnyParcelMessage, void, void> {
    const number = Number(code.slice(-4));
    const places = ROUTES[number % ROUTES.length]!;
    const receiver = RECEIVERS[number % RECEIVERS.length]!;
    const last = places.length;
    for (let step = after + 1; step <= last; step++) {
      if (step > 1) {
        await wait(STEP, undefined, { signal });
      }
      const place = places[step - 1]!;
      if (step === 1) {
        yield new ParcelPickedUp(step, place, places.at(-1)!);
      } else if (step < last) {
        yield new ParcelMoved(step, place, last - step);
      } else {
        yield new ParcelDelivered(step, place, receiver);
      }
    }
  }
}
