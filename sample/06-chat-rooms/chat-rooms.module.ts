import { Module } from '@nestjs/common';
import { SseModule } from 'nestjs-sse-views';
import { RoomMessagesView } from './room-messages.view';
import { roomEvents } from './room.events';
import { Rooms } from './rooms';
import { RoomsController } from './rooms.controller';
import { Visitors } from './visitors';
import { VisitorsController } from './visitors.controller';

@Module({
  imports: [
    SseModule.forFeature([{ name: 'rooms', schema: roomEvents, history: { maxEvents: 100, maxAge: 3_600_000 } }]),
  ],
  controllers: [RoomsController, RoomMessagesView, VisitorsController],
  providers: [Rooms, Visitors],
})
export class ChatRoomsModule {}
