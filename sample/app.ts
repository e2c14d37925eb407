import { ValidationPipe, type NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { SwaggerModule } from '@nestjs/swagger';
import type { NextFunction, Request, Response } from 'express';
import { sseSwaggerOptions } from 'nestjs-sse-views';
import { join } from 'node:path';
import 'reflect-metadata';
import { AppModule } from './app.module';
import { documentConfig } from './document-config';
import { samples } from './samples';
import { PAGE_HEADERS } from './site/page-headers';

/** Swagger UI styles itself inside its page and has its icons in `data:`. Its scripts are files, as on all pages. */
const DOCS_HEADERS = {
  ...PAGE_HEADERS,
  'Content-Security-Policy': `${PAGE_HEADERS['Content-Security-Policy']}; style-src 'self' 'unsafe-inline'; img-src 'self' data:`,
};

/** The sample application, ready to listen. */
export async function createSampleApp(options: NestApplicationOptions = {}): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule, { abortOnError: false, ...options });
  // A thousand rows for the import are more than the default of 100 kB.
  app.useBodyParser('json', { limit: '1mb' });
  app.useGlobalPipes(new ValidationPipe({ transform: true }));
  for (const folder of ['site', ...samples.map((sample) => sample.folder)]) {
    app.useStaticAssets(join(__dirname, folder, 'page'), {
      prefix: `/${folder}`,
      setHeaders: (response) => {
        for (const [name, value] of Object.entries(PAGE_HEADERS)) {
          response.setHeader(name, value);
        }
      },
    });
  }
  app.use('/docs', (_request: Request, response: Response, next: NextFunction) => {
    response.set(DOCS_HEADERS);
    next();
  });
  SwaggerModule.setup('docs', app, SwaggerModule.createDocument(app, documentConfig()), sseSwaggerOptions());
  return app;
}
