import { Module } from '@nestjs/common';
import { SseModule } from 'nestjs-sse-views';
import { samples } from './samples';
import { SiteModule } from './site/site.module';

@Module({ imports: [SseModule.forRoot(), SiteModule, ...samples.map((sample) => sample.module)] })
export class AppModule {}
