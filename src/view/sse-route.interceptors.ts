import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Observable, Subject, Subscriber, type Subscription } from 'rxjs';
import { eventsOf } from '../stream/answers';
import type { SourceReader } from '../stream/source';
import { SSE_REQUEST, streamOptions, type CarriesSseRequest, type SseRequest } from './sse-request';
import { isSseHandler, serve } from './sse-route.handler';

/*
 * Nest ignores what interceptors give where a route sends its own response. These two stand around the application's own
 * interceptors, where there are any: the outermost streams what they answer in the handler's place, the innermost gives each
 * call of the handler a signal of its own. Neither has state: they are instances, because Nest ignores classes that are added
 * after it has looked for them.
 */

/** Stands before all other interceptors of a stream: streams what they answer in the handler's place. */
export const OUTERMOST: NestInterceptor = {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const sse = streamOf(context);
    if (!sse || sse.isWatched) {
      return next.handle();
    }
    sse.isWatched = true;
    return new Observable((subscriber) => {
      const watcher = new AnswerSubscriber(sse, context, subscriber);
      subscriber.add(() => watcher.leave());
      sse.whenOver = () => watcher.onOver();
      next.handle().subscribe(watcher);
    });
  },
};

/** Stands behind all other interceptors of a stream: a call of the handler that is given up is ended at once. */
export const INNERMOST: NestInterceptor = {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const sse = streamOf(context);
    if (!sse) {
      return next.handle();
    }
    return new Observable((subscriber) => {
      const attempt = sse.begin(nameOf(context));
      subscriber.add(next.handle().subscribe(subscriber));
      subscriber.add(() => sse.abandon(attempt));
    });
  },
};

/** Watches what the interceptors of one request give. */
class AnswerSubscriber extends Subscriber<unknown> {
  /** What they answer, once they do. */
  private answers: Subject<unknown> | undefined;

  constructor(
    private readonly sse: SseRequest,
    private readonly context: ExecutionContext,
    /** Nest's. */
    private readonly outer: Subscriber<unknown>,
  ) {
    super();
  }

  /** Nest waits no more. What is streamed goes on: it belongs to its stream. */
  leave(): void {
    if (!this.answers) {
      this.unsubscribe();
    }
  }

  /** The response is over: what has not answered yet has nobody to answer. */
  onOver(): void {
    if (!this.answers) {
      this.done();
      this.unsubscribe();
    }
  }

  protected override _next(value: unknown): void {
    if (this.answers) {
      this.answers.next(value);
    } else if (this.isSettled) {
      this.outer.next(value);
    } else {
      this.answer().next(value);
    }
  }

  protected override _error(error: unknown): void {
    if (this.answers) {
      this.answers.error(error);
    } else if (this.sse.fail(error)) {
      this.done();
    } else {
      this.outer.error(error);
    }
    this.unsubscribe();
  }

  protected override _complete(): void {
    if (this.answers) {
      this.answers.complete();
    } else if (this.isSettled) {
      this.done();
    } else {
      // Nothing is an answer, too: a stream without events.
      this.answer().complete();
    }
    this.unsubscribe();
  }

  /** Whether the handler opened its stream, or somebody answered in another way. */
  private get isSettled(): boolean {
    return this.sse.isOver || this.sse.isAnswered;
  }

  private done(): void {
    // Nest takes the end without a value for an error.
    this.outer.next(undefined);
    this.outer.complete();
  }

  /** Opens a stream of what comes from now on. */
  private answer(): Subject<unknown> {
    const { sse, outer } = this;
    const answers = new Subject<unknown>();
    this.answers = answers;
    this.serve(answers).then(
      () => {
        this.done();
        if (!answers.observed) {
          // It was turned away, or is over.
          this.unsubscribe();
        }
      },
      (error: unknown) => {
        this.unsubscribe();
        if (!sse.isOver) {
          outer.error(error);
        }
      },
    );
    return answers;
  }

  private async serve(answers: Subject<unknown>): Promise<void> {
    const { context, sse } = this;
    const { runtime, request } = sse;
    const where = nameOf(context);
    const route = runtime.routes.get(context.getHandler())!;
    const options = streamOptions(route, route.controllerOf(request) ?? {});
    const source$ = new Observable((subscriber) => {
      subscriber.add(answers.subscribe(subscriber));
      // The stream has let its source go, and the source is what the interceptors do.
      subscriber.add(this as Subscription);
    });
    await serve(sse, where, options, () =>
      sse.answer((reader: SourceReader) => eventsOf(source$, reader), where, options),
    );
  }
}

function nameOf(context: ExecutionContext): string {
  return `${context.getClass().name}.${context.getHandler().name}`;
}

/** The request of a stream; `undefined` for all that is none. */
function streamOf(context: ExecutionContext): SseRequest | undefined {
  return context.getType() === 'http' && isSseHandler(context.getHandler())
    ? context.switchToHttp().getRequest<CarriesSseRequest>()[SSE_REQUEST]
    : undefined;
}
