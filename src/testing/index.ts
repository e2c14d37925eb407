export type { BackplaneFactory, BackplaneFaults, BackplaneProcess, Heal } from './backplane/backplane-factory';
export { describeBackplane, type DescribeBackplaneOptions, type TestFunctions } from './backplane/describe-backplane';
export { EventTooLongError } from './client/event-stream-parser';
export { readEvents, type EventReader, type EventsSource, type ReadEventsOptions } from './client/read-events';
export type { ParseData, ReceivedEvent } from './client/received-event';
export { SseClient, type SseClientOptions, type SseClientState } from './client/sse-client';
export { StreamRefusedError, type StreamRequestOptions } from './client/stream-request';
export { SseTestingModule } from './sse-testing.module';
