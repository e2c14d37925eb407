import { Module } from '@nestjs/common';
import { SseModule } from 'nestjs-sse-views';
import { redisBackplane } from 'nestjs-sse-views/redis';

@Module({ imports: [SseModule.forRoot({ backplane: redisBackplane() })] })
export class AppModule {}
