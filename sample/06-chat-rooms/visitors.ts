import { Injectable } from '@nestjs/common';
import { randomBytes, randomUUID } from 'node:crypto';
import type { Visitor } from './visitor.dto';

/** Most visitors that are remembered; the one who came first is forgotten. */
const MOST = 10_000;

/** Who is who, by the token in a visitor's cookie. A token is a secret; the id is what others may see. */
@Injectable()
export class Visitors {
  private readonly byToken = new Map<string, Visitor>();

  find(token: string | undefined): Visitor | undefined {
    return token === undefined ? undefined : this.byToken.get(token);
  }

  /** Somebody new. */
  add(name: string): { token: string; visitor: Visitor } {
    const token = randomBytes(24).toString('base64url');
    const visitor = { id: randomUUID(), name };
    this.byToken.set(token, visitor);
    if (this.byToken.size > MOST) {
      const [oldest] = this.byToken.keys();
      this.byToken.delete(oldest!);
    }
    return { token, visitor };
  }
}
