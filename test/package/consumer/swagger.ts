import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { setupSseDocs } from 'nestjs-sse-views';

/** Serves the document at `/docs-json`, and the one for OpenAPI 3.2 at `/docs-3.2-json`. */
export function prepare(app: INestApplication): void {
  const document = SwaggerModule.createDocument(app, new DocumentBuilder().build());
  SwaggerModule.setup('docs', app, document, { ui: false });
  const config = new DocumentBuilder().setOpenAPIVersion('3.2.0').build();
  SwaggerModule.setup('docs-3.2', app, () => setupSseDocs(SwaggerModule.createDocument(app, config)), { ui: false });
}
