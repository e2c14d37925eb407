import { Controller, Get, Module, Redirect, type DynamicModule } from '@nestjs/common';
import { SseModule } from 'nestjs-sse-views';
import { Instances } from './instances';
import { InstancesView } from './instances.view';

@Controller()
class RootController {
  @Get()
  @Redirect('/07-two-instances/')
  root(): void {}
}

/** What stands before the instances. */
@Module({ imports: [SseModule.forRoot()], controllers: [RootController, InstancesView] })
export class FrontModule {
  static over(instances: Instances): DynamicModule {
    return { module: FrontModule, providers: [{ provide: Instances, useValue: instances }] };
  }
}
