export { commitOrder, type CommitPosition } from './commit-order';
export { SseCursorError, type SseCursorFault } from './cursor.error';
export type { ListenMessage } from './pg-client';
export type { ListenClient, ListenDatabase, ListenPool, PostgresConnect } from './postgres-connect';
export { tailQuery } from './tail-query';
export type { TailQueryOptions, TailRows } from './tail-query-options';
export type { TailedRow } from './tailed-row';
export { postgresBackplaneSql, type PostgresTables } from './backplane-sql';
export type { CursorColumns } from './cursor-changes';
export type { CursorClient, CursorConnect, CursorPool } from './cursor-connection';
export type { PgPool, PgPoolClient, PgQuery } from './pg-pool';
export { postgresBackplane, type PostgresBackplane } from './postgres-backplane';
export type { PostgresBackplaneOptions } from './postgres-backplane-options';
export { tailCursor } from './tail-cursor';
export type { TailCursorOptions } from './tail-cursor-options';
export { SseTailCursorError, type SseTailCursorFault } from './tail-cursor.error';
export type {
  SseSnapshot,
  SseSnapshotEvent,
  SseSnapshotReason,
  TailedChange,
  TailedProgress,
  TailedRowChange,
} from './tailed-change';
