import { Injectable } from '@nestjs/common';
import { asyncScheduler, BehaviorSubject, defer, finalize, throttleTime, type Observable } from 'rxjs';

/** Milliseconds between two counts: a crowd that comes or goes at once is told as one change. */
const INTERVAL = 250;

/**
 * Counts the people who listen: the open streams of this process. A stream is over as soon as its socket is, so a tab that is
 * closed or crashes is gone at once; only a cable that is cut is noticed late, when TCP gives up.
 */
@Injectable()
export class Audience {
  private readonly count$ = new BehaviorSubject(0);

  /** Counts its subscriber in until it unsubscribes, and tells how many there are. */
  join(): Observable<number> {
    return defer(() => {
      this.change(1);
      return this.count$;
    }).pipe(
      finalize(() => this.change(-1)),
      throttleTime(INTERVAL, asyncScheduler, { leading: true, trailing: true }),
    );
  }

  private change(by: number): void {
    this.count$.next(this.count$.value + by);
  }
}
