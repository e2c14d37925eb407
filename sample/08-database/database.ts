import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { PostgresConnect } from 'nestjs-sse-views/postgres';
import { CREATE_READINGS } from './readings.table';

/** What is asked of a database, whichever it is. */
export interface OpenDatabase {
  query<Row>(text: string, values?: unknown[]): Promise<{ readonly rows: Row[] }>;
  /** What `tailQuery` listens on. */
  readonly connect: PostgresConnect;
  close(): Promise<void>;
}

/**
 * The database: a PostgreSQL where `DATABASE_URL` names one, else PGlite, which is PostgreSQL in this process and keeps all in
 * memory. It is opened when it is first needed, for PGlite takes some seconds.
 */
@Injectable()
export class Database implements OnApplicationShutdown {
  private readonly logger = new Logger('Database');
  private opening: Promise<OpenDatabase> | undefined;

  open(): Promise<OpenDatabase> {
    this.opening ??= this.prepare().catch((error: unknown) => {
      this.opening = undefined;
      throw error;
    });
    return this.opening;
  }

  /** By now the streams are over, and have given back what they held. */
  async onApplicationShutdown(): Promise<void> {
    const database = await this.opening?.catch(() => undefined);
    await database?.close();
  }

  private async prepare(): Promise<OpenDatabase> {
    const url = process.env['DATABASE_URL'];
    const database = await (url ? openPostgres(url) : openPglite());
    await database.query(CREATE_READINGS);
    this.logger.log(
      url ? 'The readings are in the PostgreSQL of DATABASE_URL' : 'The readings are in PGlite, in memory',
    );
    return database;
  }
}

async function openPostgres(connectionString: string): Promise<OpenDatabase> {
  const { Pool } = await import('pg');
  const pool = new Pool({ connectionString });
  return {
    query: async (text, values) => ({ rows: (await pool.query(text, values)).rows }),
    connect: pool,
    close: () => pool.end(),
  };
}

async function openPglite(): Promise<OpenDatabase> {
  const { PGlite } = await import('@electric-sql/pglite');
  const pglite = await PGlite.create();
  return {
    query: (text, values) => pglite.query(text, values),
    connect: pglite,
    close: () => pglite.close(),
  };
}
