import { Module } from '@nestjs/common';

/** The token under which each `SseModule.forFeature()` keeps the options that it was given. */
export const CHANNEL_OPTIONS = Symbol('CHANNEL_OPTIONS');

/** The module of one `SseModule.forFeature()`. */
@Module({})
export class SseChannelsModule {}
