import { Injectable } from '@nestjs/common';
import { commitOrder, tailQuery, type CommitPosition } from 'nestjs-sse-views/postgres';
import { Database } from './database';
import type { Reading } from './reading.dto';
import {
  DELETE_OLD_READINGS,
  INSERT_READINGS,
  READING_EXISTS,
  READINGS_AFTER,
  READINGS_OF_THE_LAST_MINUTE,
} from './readings.table';

/** A row of the table. */
interface ReadingRow extends CommitPosition {
  readonly at: Date;
  readonly sensor: string;
  readonly celsius: number;
  readonly source: string;
}

/** A reading to be written; without a time it is of now. */
export type NewReading = Omit<Reading, 'at'> & { readonly at?: string };

/** The readings in the database. */
@Injectable()
export class Readings {
  constructor(private readonly database: Database) {}

  /** Resolves when the database is there. */
  async ready(): Promise<void> {
    await this.database.open();
  }

  /** Writes readings in one transaction. @returns the ids that their events will have. */
  async add(readings: readonly NewReading[]): Promise<string[]> {
    const database = await this.database.open();
    const { rows } = await database.query<CommitPosition>(INSERT_READINGS, [JSON.stringify(readings)]);
    return rows.map(commitOrder.cursorOf);
  }

  async deleteOld(): Promise<void> {
    const database = await this.database.open();
    await database.query(DELETE_OLD_READINGS);
  }

  /**
   * The readings after an id, and then each that is written, by whomever. Without an id, or with that of a row which is gone,
   * it begins with the last minute.
   */
  async *follow(after: string | undefined, signal: AbortSignal) {
    const database = await this.database.open();
    const rows = tailQuery({
      connect: database.connect,
      listen: 'sample_readings',
      query: (cursor) =>
        cursor === undefined
          ? database.query<ReadingRow>(READINGS_OF_THE_LAST_MINUTE)
          : database.query<ReadingRow>(READINGS_AFTER, commitOrder.parse(cursor)),
      cursorOf: commitOrder.cursorOf,
      // A row that waited for a transaction which was rolled back comes with the next look.
      poll: 2_000,
      after: await this.known(after),
      signal,
    });
    for await (const { id, data } of rows) {
      const { at, sensor, celsius, source } = data;
      yield { event: 'reading' as const, id, data: { at: at.toISOString(), sensor, celsius, source } };
    }
  }

  private async known(id: string | undefined): Promise<string | undefined> {
    const position = commitOrder.parse(id);
    const database = await this.database.open();
    const { rows } = await database.query(READING_EXISTS, position);
    return rows.length > 0 ? id : undefined;
  }
}
