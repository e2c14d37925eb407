import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { Visitor } from './visitor.dto';

/** Name of the cookie with a visitor's token. */
export const VISITOR_COOKIE = 'visitor';

/** A request about a room. The guards leave there who it is from. */
export interface RoomRequest extends Request<{ room: string }> {
  visitor?: Visitor | undefined;
}

/** The token in a request's cookie. */
export function visitorToken({ headers }: Pick<Request, 'headers'>): string | undefined {
  return /(?:^|;\s*)visitor=([\w-]+)/.exec(headers.cookie ?? '')?.[1];
}

/** Who the request is from. */
export const CurrentVisitor = createParamDecorator(
  (_data: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<RoomRequest>().visitor,
);
