import { Injectable, UnauthorizedException, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { visitorToken, type RoomRequest } from './room-request';
import { Visitors } from './visitors';

/** Lets those pass who have said their name. */
@Injectable()
export class VisitorGuard implements CanActivate {
  constructor(private readonly visitors: Visitors) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<RoomRequest>();
    request.visitor = this.visitors.find(visitorToken(request));
    if (!request.visitor) {
      throw new UnauthorizedException('Say your name first: POST /visitors');
    }
    return true;
  }
}
