export { SseSignal } from '@nestjs/common';
export type { SseModuleOptions, SseRouteOptions, SseShutdownOptions, SseStreamOptions } from './config/options';
export type { SseFormat } from './event/encode';
export { ServerSentEvent, type ServerSentEventClass } from './event/server-sent-event';
export type { SseEnvelope, SseEvent, SseMessage } from './event/sse-event';
export {
  SseConfigurationError,
  SseError,
  SseFieldError,
  SseModuleMissingError,
  SseOverflowError,
  SsePackageMissingError,
  SseSourceError,
  SseValidationError,
  type SseField,
  type SseIssue,
} from './event/sse.error';
export { SseModule } from './sse.module';
export type { SseHeaders } from './stream/response-headers';
export type { ProblemDetails } from './stream/problem-details';
export type { EventId, OnEnd, OverflowOptions, PipeEvents } from './stream/stream-options';
export type { OnInvalid } from './stream/validated';
export type { SerializerOptions } from './validation/compile-class-schema';
export type { DataSchema, ResponseSchema, SchemaRecord } from './validation/response-schema';
export type { StandardSchema } from './validation/standard-schema';
export type { DataOf, EventData, EventsOf, PayloadOf, SseSource, SseYield } from './validation/yield-types';
export { LastEventId } from './view/last-event-id.decorator';
export { ServerSentEventsView } from './view/server-sent-events.view';
export { SseConnections, type SseConnection } from './view/sse-connections';
export { SseRoute, type SseRouteDecorator } from './view/sse-route.decorator';
