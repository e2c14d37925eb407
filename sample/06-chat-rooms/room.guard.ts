import { ForbiddenException, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { visitorToken, type RoomRequest } from './room-request';
import { Rooms } from './rooms';
import { Visitors } from './visitors';

/**
 * Lets everybody into a public room, and members into a private one. A stream passes it each time that its client
 * reconnects: the id that the client resumes from opens no door.
 */
@Injectable()
export class RoomGuard implements CanActivate {
  constructor(
    private readonly rooms: Rooms,
    private readonly visitors: Visitors,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<RoomRequest>();
    request.visitor = this.visitors.find(visitorToken(request));
    if (!this.rooms.isOpenTo(request.params.room, request.visitor)) {
      throw new ForbiddenException('This room is private, and you are not a member');
    }
    return true;
  }
}
