import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Readings, type NewReading } from './readings';

/** Milliseconds between two readings of a sensor. */
const INTERVAL = 1_000;
const MINUTE = 60_000;

/** Where they are, the temperature about which theirs swings, how far, and how long a swing takes. */
const SENSORS = [
  { sensor: 'Greenhouse', middle: 24, swing: 1.6, period: 41_000 },
  { sensor: 'Kitchen', middle: 21, swing: 0.8, period: 67_000 },
  { sensor: 'Cellar', middle: 12, swing: 0.3, period: 97_000 },
  { sensor: 'Roof', middle: 8, swing: 2.4, period: 53_000 },
];

/** Stands for sensors that write a row a second. They begin when somebody first looks, with the minute before. */
@Injectable()
export class Sensors implements OnModuleDestroy {
  private readonly logger = new Logger('Sensors');
  private timer: NodeJS.Timeout | undefined;
  private isOver = false;
  private isWriting = false;
  private hasWritten = false;
  private hasFailed = false;

  constructor(private readonly readings: Readings) {}

  start(): void {
    if (this.timer === undefined && !this.isOver) {
      this.timer = setInterval(() => void this.write(), INTERVAL);
      void this.write();
    }
  }

  onModuleDestroy(): void {
    this.isOver = true;
    clearInterval(this.timer);
  }

  /** While the database is slow, or starts, there are fewer readings, and none that wait. */
  private async write(): Promise<void> {
    if (this.isWriting) {
      return;
    }
    this.isWriting = true;
    try {
      await this.readings.ready();
      const now = Date.now();
      await this.readings.add((this.hasWritten ? [now] : minuteBefore(now)).flatMap(measure));
      if (!this.hasWritten || now % MINUTE < INTERVAL) {
        await this.readings.deleteOld();
      }
      this.hasWritten = true;
      this.hasFailed = false;
    } catch (error) {
      if (!this.hasFailed && !this.isOver) {
        this.logger.warn(`A reading could not be written: ${(error as Error).message}`);
      }
      this.hasFailed = true;
    } finally {
      this.isWriting = false;
    }
  }
}

function minuteBefore(now: number): number[] {
  return Array.from({ length: MINUTE / INTERVAL }, (_, second) => now - MINUTE + (second + 1) * INTERVAL);
}

/** What each sensor reads at a moment: a swing, and a small tremble. */
function measure(time: number): NewReading[] {
  return SENSORS.map(({ sensor, middle, swing, period }, number) => {
    const celsius = middle + swing * Math.sin(time / period + number) + 0.15 * Math.sin(time / 1_700 + 2 * number);
    return { at: new Date(time).toISOString(), sensor, celsius: Math.round(celsius * 100) / 100, source: 'sensor' };
  });
}
