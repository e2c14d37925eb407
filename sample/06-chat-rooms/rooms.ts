import { ForbiddenException, Injectable, NotFoundException } from '@nestjs/common';
import { InjectChannel, SseConnections, type EventsOf, type SseChannel } from 'nestjs-sse-views';
import type { roomEvents } from './room.events';
import type { RoomRequest } from './room-request';
import type { RoomDto } from './room.dto';
import type { Visitor } from './visitor.dto';

interface Room {
  readonly name: string;
  readonly title: string;
  /** What lets a visitor become a member; without one, the room is public. */
  readonly code?: string;
}

const ROOMS: readonly Room[] = [
  { name: 'lobby', title: 'Lobby' },
  { name: 'kitchen', title: 'Kitchen' },
  { name: 'backstage', title: 'Backstage', code: 'break a leg' },
];

/** The rooms, and who is a member of the private ones. */
@Injectable()
export class Rooms {
  private readonly rooms = new Map(ROOMS.map((room) => [room.name, { ...room, members: new Map<string, Visitor>() }]));

  constructor(
    private readonly connections: SseConnections,
    @InjectChannel('rooms') private readonly channel: SseChannel<EventsOf<typeof roomEvents>>,
  ) {}

  list(visitor: Visitor | undefined): RoomDto[] {
    return [...this.rooms.values()].map(({ name, title, code }) => ({
      name,
      title,
      isPrivate: code !== undefined,
      isOpen: this.isOpenTo(name, visitor),
    }));
  }

  /** @throws NotFoundException when there is no such room. */
  isOpenTo(name: string, visitor: Visitor | undefined): boolean {
    const { code, members } = this.room(name);
    return code === undefined || (visitor !== undefined && members.has(visitor.id));
  }

  members(name: string): Visitor[] {
    return [...this.room(name).members.values()];
  }

  /** @throws ForbiddenException when the code is not the room's. */
  async join(name: string, member: Visitor, code: string): Promise<void> {
    const room = this.room(name);
    if (room.code !== code) {
      throw new ForbiddenException('That is not the invite code of this room');
    }
    if (!room.members.has(member.id)) {
      room.members.set(member.id, member);
      await this.channel.publish({ event: 'joined', data: { member } }, { topic: name });
    }
  }

  /** Ends a membership and the member's streams of the room. Their clients reconnect, and the guard turns them away. */
  async remove(name: string, id: string): Promise<void> {
    const { members } = this.room(name);
    const member = members.get(id);
    if (!member) {
      throw new NotFoundException('There is no such member');
    }
    members.delete(id);
    this.connections.close(({ request }) => isStreamOf(request as RoomRequest, name, id));
    await this.channel.publish({ event: 'left', data: { member } }, { topic: name });
  }

  private room(name: string) {
    const room = this.rooms.get(name);
    if (!room) {
      throw new NotFoundException(`There is no room ${name}`);
    }
    return room;
  }
}

function isStreamOf({ params, visitor }: RoomRequest, room: string, id: string): boolean {
  return params.room === room && visitor?.id === id;
}
