import { Body, Controller, Post, Query } from '@nestjs/common';
import { ApiBadRequestResponse, ApiCreatedResponse, ApiTags } from '@nestjs/swagger';
import { LastEventId, ServerSentEventsView, SseSignal, type EventsOf } from 'nestjs-sse-views';
import { AddedReading, AddReading, readingEvents, ReadingsQuery } from './reading.dto';
import { Readings } from './readings';
import { Sensors } from './sensors';

@ApiTags('08 Database')
@Controller('readings')
export class ReadingsView extends ServerSentEventsView<EventsOf<typeof readingEvents>> {
  static readonly responseSchema = readingEvents;

  /** Clients that lose the connection come back after a second. */
  override readonly retry = 1_000;

  constructor(
    private readonly readings: Readings,
    private readonly sensors: Sensors,
  ) {
    super();
  }

  /** `GET /readings`: the readings of the last minute, or those after the client's last id, then each as it is written. */
  @ApiBadRequestResponse({ description: 'The id to go on from is none of this stream.' })
  events(
    @Query() { lastEventId }: ReadingsQuery,
    @LastEventId() header: string | undefined,
    @SseSignal() signal: AbortSignal,
  ) {
    this.sensors.start();
    return this.readings.follow(header ?? (lastEventId || undefined), signal);
  }

  /** `POST /readings`: one more row. Nothing is sent from here; the stream sees it in the table. */
  @Post()
  @ApiCreatedResponse({ type: AddedReading })
  @ApiBadRequestResponse({ description: 'The sensor is missing or too long, or the temperature is out of range.' })
  async add(@Body() { sensor, celsius }: AddReading): Promise<AddedReading> {
    const [id] = await this.readings.add([{ sensor, celsius, source: 'form' }]);
    return { id: id! };
  }
}
