import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { join } from 'node:path';
import { PAGE_HEADERS } from '../site/page-headers';
import { FrontModule } from './front.module';
import type { Instances } from './instances';
import { passOn } from './proxy';

/** Where the files of the pages are. */
const FOLDERS = ['site', '05-notifications', '07-two-instances'];

/** One address for all instances: the page, its buttons, and everything else passed on. */
export async function createFront(instances: Instances): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(FrontModule.over(instances), {
    abortOnError: false,
    logger: ['warn', 'error', 'fatal'],
  });
  app.use('/notifications', passOn(instances));
  for (const folder of FOLDERS) {
    app.useStaticAssets(join(__dirname, '..', folder, 'page'), {
      prefix: `/${folder}`,
      setHeaders: (response) => {
        for (const [name, value] of Object.entries(PAGE_HEADERS)) {
          response.setHeader(name, value);
        }
      },
    });
  }
  return app;
}
