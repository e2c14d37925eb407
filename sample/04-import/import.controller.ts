import { Body, Controller, Logger, RequestMethod } from '@nestjs/common';
import { ApiBadRequestResponse, ApiTags } from '@nestjs/swagger';
import { SseRoute, SseSignal } from 'nestjs-sse-views';
import { ImportRequest } from './import.dto';
import { importEvents, type RejectedRow, type RowError } from './import.events';
import { ProductImporter } from './product-importer';

@ApiTags('04 Import')
@Controller('imports')
export class ImportController {
  private readonly logger = new Logger('ImportController');

  constructor(private readonly importer: ProductImporter) {}

  /** `POST /imports`: an ordinary controller may stream, too, and with any method. */
  @SseRoute({ method: RequestMethod.POST, responseSchema: importEvents, eventId: () => undefined })
  @ApiBadRequestResponse({ description: 'The body has no rows, or more than 1000.' })
  async *import(@Body() { rows }: ImportRequest, @SseSignal() signal: AbortSignal) {
    const total = rows.length;
    let done = 0;
    let rejected = 0;
    try {
      for (const row of rows) {
        const errors = await this.importer.import(row, signal);
        done++;
        if (errors.length > 0) {
          rejected++;
          yield { event: 'rejected' as const, data: rejectedRow(done, errors) };
        }
        yield { event: 'progress' as const, data: { done, total } };
      }
      yield { event: 'summary' as const, data: { total, imported: total - rejected, rejected } };
    } finally {
      if (done < total) {
        this.logger.warn(`Stopped after ${done} of ${total} rows: the stream was closed`);
      }
    }
  }
}

function rejectedRow(row: number, errors: RowError[]): RejectedRow {
  return {
    type: 'about:blank',
    title: 'Unprocessable Content',
    status: 422,
    detail: `Row ${row} was not imported`,
    row,
    errors,
  };
}
