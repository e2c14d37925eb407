import { Subscriber, type TeardownLogic } from 'rxjs';

/**
 * A subscriber that passes on what the teardowns of its source throw.
 *
 * RxJS throws these errors at the code that completes or ends the source: a timer of the developer's, where they would end the
 * process, or an operator that drops them.
 */
export abstract class GuardedSubscriber<T> extends Subscriber<T> {
  /** Takes what a teardown threw: an `UnsubscriptionError` for one or more, or the error itself. */
  protected abstract onReleaseError(error: unknown): void;

  override unsubscribe(): void {
    try {
      super.unsubscribe();
    } catch (error) {
      this.onReleaseError(error);
    }
  }

  /** When the source has ended already, the teardown runs at once. */
  override add(teardown: TeardownLogic): void {
    try {
      super.add(teardown);
    } catch (error) {
      this.onReleaseError(error);
    }
  }
}
