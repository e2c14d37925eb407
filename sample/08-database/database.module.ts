import { Module } from '@nestjs/common';
import { Database } from './database';
import { Readings } from './readings';
import { ReadingsView } from './readings.view';
import { Sensors } from './sensors';

@Module({ controllers: [ReadingsView], providers: [Database, Readings, Sensors] })
export class DatabaseModule {}
