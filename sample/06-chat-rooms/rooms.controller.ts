import { Body, Controller, Delete, Get, HttpCode, Param, Post, Req, UseGuards } from '@nestjs/common';
import {
  ApiForbiddenResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiTags,
  ApiUnauthorizedResponse,
  ApiParam,
} from '@nestjs/swagger';
import { Invitation, RoomsDto } from './room.dto';
import { RoomGuard } from './room.guard';
import { CurrentVisitor, visitorToken, type RoomRequest } from './room-request';
import { Rooms } from './rooms';
import { Visitor } from './visitor.dto';
import { VisitorGuard } from './visitor.guard';
import { Visitors } from './visitors';

@ApiTags('06 Chat rooms')
@Controller('rooms')
export class RoomsController {
  constructor(
    private readonly rooms: Rooms,
    private readonly visitors: Visitors,
  ) {}

  @Get()
  @ApiOkResponse({ type: RoomsDto })
  list(@Req() request: RoomRequest): RoomsDto {
    const visitor = this.visitors.find(visitorToken(request));
    return { visitor, rooms: this.rooms.list(visitor) };
  }

  /** Members see each other. */
  @Get(':room/members')
  @UseGuards(RoomGuard)
  @ApiParam({ name: 'room', example: 'backstage' })
  @ApiOkResponse({ type: [Visitor] })
  @ApiForbiddenResponse({ description: 'The client is not a member.' })
  members(@Param('room') room: string): Visitor[] {
    return this.rooms.members(room);
  }

  /** Becomes a member of a private room. */
  @Post(':room/join')
  @HttpCode(204)
  @UseGuards(VisitorGuard)
  @ApiParam({ name: 'room', example: 'backstage' })
  @ApiNoContentResponse({ description: 'The client is a member now.' })
  @ApiUnauthorizedResponse({ description: 'The client has not said its name.' })
  @ApiForbiddenResponse({ description: 'The code is not the room’s.' })
  @ApiNotFoundResponse({ description: 'There is no such room.' })
  join(@Param('room') room: string, @CurrentVisitor() visitor: Visitor, @Body() { code }: Invitation): Promise<void> {
    return this.rooms.join(room, visitor, code);
  }

  /** Any member may remove any other, and leave. */
  @Delete(':room/members/:id')
  @HttpCode(204)
  @UseGuards(RoomGuard)
  @ApiParam({ name: 'room', example: 'backstage' })
  @ApiNoContentResponse({ description: 'That is no member any more, and gets no further event.' })
  @ApiForbiddenResponse({ description: 'The client is not a member.' })
  @ApiNotFoundResponse({ description: 'There is no such room, or no such member.' })
  remove(@Param('room') room: string, @Param('id') id: string): Promise<void> {
    return this.rooms.remove(room, id);
  }
}
