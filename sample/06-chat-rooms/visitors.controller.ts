import { Body, Controller, Post, Req, Res } from '@nestjs/common';
import { ApiBadRequestResponse, ApiCreatedResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { VISITOR_COOKIE, visitorToken } from './room-request';
import { NewVisitor, Visitor } from './visitor.dto';
import { Visitors } from './visitors';

@ApiTags('06 Chat rooms')
@Controller('visitors')
export class VisitorsController {
  constructor(private readonly visitors: Visitors) {}

  /** Says a name, or another one. The cookie that comes back is sent with every stream, and scripts cannot read it. */
  @Post()
  @ApiCreatedResponse({ type: Visitor })
  @ApiBadRequestResponse({ description: 'The name is missing, empty or longer than 30 characters.' })
  enter(
    @Body() { name }: NewVisitor,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Visitor {
    const known = this.visitors.find(visitorToken(request));
    if (known) {
      known.name = name.trim();
      return known;
    }
    const { token, visitor } = this.visitors.add(name.trim());
    response.cookie(VISITOR_COOKIE, token, { httpOnly: true, sameSite: 'strict', secure: request.secure });
    return visitor;
  }
}
