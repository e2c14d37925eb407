import { applyDecorators, Controller, Get, Header, Redirect } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { samples, separateSamples } from '../samples';
import { PAGE_HEADERS } from './page-headers';
import { renderStartPage } from './start-page';

const PageHeaders = (): MethodDecorator =>
  applyDecorators(...Object.entries(PAGE_HEADERS).map(([name, value]) => Header(name, value)));

@ApiExcludeController()
@Controller()
export class StartPageController {
  @Get()
  @PageHeaders()
  @Header('Content-Type', 'text/html; charset=utf-8')
  startPage(): string {
    return renderStartPage(samples, separateSamples);
  }

  /** Browsers ask for it where a document names no icon, as JSON does. */
  @Get('favicon.ico')
  @Redirect('/site/favicon.svg')
  favicon(): void {}
}
