import { Body, Controller, Param, Post, UseGuards } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiCreatedResponse,
  ApiForbiddenResponse,
  ApiNotFoundResponse,
  ApiParam,
  ApiTags,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import { ChannelView, type EventsOf } from 'nestjs-sse-views';
import { NewMessage, SentMessage } from './room.dto';
import type { roomEvents } from './room.events';
import { RoomGuard } from './room.guard';
import { CurrentVisitor, type RoomRequest } from './room-request';
import { Visitor } from './visitor.dto';
import { VisitorGuard } from './visitor.guard';

/** `GET /rooms/lobby/messages`: what was said lately, then each message as it comes. */
@ApiTags('06 Chat rooms')
@ApiParam({ name: 'room', example: 'lobby' })
@ApiForbiddenResponse({ description: 'The room is private, and the client is not a member.' })
@ApiNotFoundResponse({ description: 'There is no such room.' })
@Controller('rooms/:room/messages')
@UseGuards(RoomGuard)
export class RoomMessagesView extends ChannelView<EventsOf<typeof roomEvents>> {
  static readonly channel = 'rooms';

  /** A newcomer begins with what the room still remembers. */
  override readonly from = 'oldest';

  override readonly retry = 1_000;

  /** Each room is a topic of its own. */
  override topic({ params }: RoomRequest): string {
    return params.room;
  }

  /** `POST /rooms/lobby/messages`, an ordinary route */
  @Post()
  @UseGuards(VisitorGuard)
  @ApiCreatedResponse({ type: SentMessage })
  @ApiBadRequestResponse({ description: 'The text is missing, empty or longer than 500 characters.' })
  @ApiUnauthorizedResponse({ description: 'The client has not said its name.' })
  async say(
    @Param('room') room: string,
    @CurrentVisitor() author: Visitor,
    @Body() { text }: NewMessage,
  ): Promise<SentMessage> {
    const data = { author, text, at: new Date().toISOString() };
    const { id } = await this.channel.publish({ event: 'message', data }, { topic: room });
    return { id };
  }
}
