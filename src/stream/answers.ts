import { concatMap, finalize, map, of, type Observable } from 'rxjs';
import { SseOverflowError } from '../event/sse.error';
import { isSource, toObservable, type SourceReader } from './source';

/** Most answers that wait while one before them is read. */
const MAX_WAITING = 1_024;

/**
 * The events of what interceptors answer in a handler's place: an answer that is a source stands for its events, any other is
 * one event.
 */
export function eventsOf(answers$: Observable<unknown>, reader: SourceReader): Observable<unknown> {
  let waiting = 0;
  const count = (answer: unknown): unknown => {
    if (++waiting > MAX_WAITING) {
      throw new SseOverflowError(`${MAX_WAITING} answers of an interceptor wait while one before them is read`);
    }
    return answer;
  };
  return answers$.pipe(
    map(count),
    concatMap((answer) =>
      (isSource(answer) ? toObservable(answer, reader) : of(answer)).pipe(
        finalize(() => {
          waiting--;
        }),
      ),
    ),
  );
}
