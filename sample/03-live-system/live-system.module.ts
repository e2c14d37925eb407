import { Module } from '@nestjs/common';
import { LiveSystemView } from './live-system.view';
import { SystemMonitor } from './system-monitor';

@Module({ controllers: [LiveSystemView], providers: [SystemMonitor] })
export class LiveSystemModule {}
