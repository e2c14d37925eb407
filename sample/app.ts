import { ValidationPipe, type NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { join } from 'node:path';
import 'reflect-metadata';
import { AppModule } from './app.module';
import { samples } from './samples';
import { PAGE_HEADERS } from './site/page-headers';

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
  SwaggerModule.setup('docs', app, SwaggerModule.createDocument(app, documentConfig()));
  return app;
}

function documentConfig() {
  return new DocumentBuilder()
    .setTitle('Samples of nestjs-sse-views')
    .setDescription('Every stream of the sample application, with the shape of its events.')
    .setVersion('1.0')
    .setOpenAPIVersion('3.1.0')
    .build();
}
