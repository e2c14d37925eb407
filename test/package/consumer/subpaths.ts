import { postgresBackplane, tailCursor, tailQuery } from 'nestjs-sse-views/postgres';
import { redisBackplane } from 'nestjs-sse-views/redis';
import { SseClient } from 'nestjs-sse-views/testing';

/** What an application without their clients may import all the same. */
export const subpaths = [postgresBackplane, redisBackplane, tailCursor, tailQuery, SseClient];
