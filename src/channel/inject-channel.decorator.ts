import { Inject } from '@nestjs/common';

/** The token of a channel among the application's providers: for `app.get()`, and to override it in a test. */
export function getChannelToken(name: string): string {
  return `SseChannel:${name}`;
}

/**
 * Injects the channel that `SseModule.forFeature()` made under this name, anywhere in the application.
 *
 * @example
 * ```ts
 * constructor(@InjectChannel('notifications') private readonly notifications: SseChannel<Notification>) {}
 * ```
 */
export const InjectChannel = (name: string): ParameterDecorator & PropertyDecorator => Inject(getChannelToken(name));
