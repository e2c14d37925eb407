import { Pool } from 'pg';
import { postgresBackplane } from '../../../src/postgres/postgres-backplane';
import { serveBackplane } from '../../support/backplane-process';

void serveBackplane(postgresBackplane({ pool: new Pool({ connectionString: process.argv[2] }) }));
