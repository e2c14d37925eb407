import { Module } from '@nestjs/common';
import { StartPageController } from './start-page.controller';

/** The start page; what all pages share is in `page`. */
@Module({ controllers: [StartPageController] })
export class SiteModule {}
