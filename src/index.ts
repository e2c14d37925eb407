export { SseSignal } from '@nestjs/common';
export {
  DEFAULT_HISTORY,
  type Backplane,
  type BackplaneCapabilities,
  type BackplanePublishOptions,
  type BackplaneSubscribeOptions,
  type Delivery,
  type GapReason,
  type HistoryBounds,
  type Position,
  type Published,
  type SubscribeFrom,
} from './channel/backplane';
export { SseClosedError, SseOutcomeUnknownError, SseUnavailableError } from './channel/backplane.error';
export type { SsePublishOptions, SseSubscribeOptions } from './channel/call-options';
export type { SseChannelCounts } from './channel/channel-counters';
export type { SseChannelOptions } from './channel/channel-definition';
export type {
  SseChannelEvent,
  SseGap,
  SseGapEvent,
  SsePublishedEvent,
  SseStart,
  SseStartEvent,
  SseSubscriptionEvent,
} from './channel/channel-event';
export { getChannelToken, InjectChannel } from './channel/inject-channel.decorator';
export { memoryBackplane, type MemoryBackplane, type MemoryBackplaneOptions } from './channel/memory-backplane';
export { SseKeyError, SseTopicError } from './channel/names';
export { SseChannel, type SsePublished } from './channel/sse-channel';
export { SseChannels } from './channel/sse-channels';
export type { SseSubscription } from './channel/sse-subscription';
export type { SseModuleOptions, SseRouteOptions, SseShutdownOptions, SseStreamOptions } from './config/options';
export type { SseFormat } from './event/encode';
export { ServerSentEvent, type ServerSentEventClass } from './event/server-sent-event';
export { sseEvent, type SseRawFields, type SseSilentFields } from './event/made-event';
export type { SseEndEvent } from './event/end-frame';
export type { EncodedEvent, EncodedEventKind } from './event/encoded-event';
export type {
  SseEnvelope,
  SseEnvelopeBase,
  SseEnvelopeFields,
  SseEvent,
  SseMadeEvent,
  SseMessage,
  SseRawEvent,
} from './event/sse-event';
export {
  SseConfigurationError,
  SseError,
  SseFieldError,
  SseModuleMissingError,
  SseOverflowError,
  SsePackageMissingError,
  SseSourceError,
  SseValidationError,
  SseValidationTimeoutError,
  type SseField,
  type SseIssue,
} from './event/sse.error';
export { SseModule } from './sse.module';
export type { SseStreamCounts } from './stream/stream-counters';
export type { SseHeaders } from './stream/response-headers';
export type { ProblemDetails } from './stream/problem-details';
export type { EventId, OnEnd, OnError, OverflowOptions, PipedEvent, PipeEvents } from './stream/stream-options';
export type { OnInvalid } from './stream/invalid-event';
export type { Extraneous, SerializerOptions } from './validation/compile-class-schema';
export type { DataSchema, ResponseSchema, SchemaRecord } from './validation/response-schema';
export type { StandardSchema } from './validation/standard-schema';
export type {
  DataOf,
  EventData,
  EventsOf,
  PayloadOf,
  SsePublication,
  SseSource,
  SseYield,
  SseEventMap,
} from './validation/yield-types';
export { sseSwaggerOptions, type SseSwaggerOptions } from './swagger-ui/sse-swagger-options';
export { ChannelView } from './view/channel.view';
export { LastEventId } from './view/last-event-id.decorator';
export { setupSseDocs, type SseDocsOptions, type SseDocument } from './view/openapi/setup-sse-docs';
export { ServerSentEventsView } from './view/server-sent-events.view';
export { SseConnections, type SseConnection } from './view/sse-connections';
export { SseRoute, type SseRouteDecorator } from './view/sse-route.decorator';
