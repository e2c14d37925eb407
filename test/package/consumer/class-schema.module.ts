import { Controller, Module } from '@nestjs/common';
import { ServerSentEventsView, SseModule } from 'nestjs-sse-views';

class Price {
  price!: number;
}

@Controller('prices')
export class PricesView extends ServerSentEventsView<Price> {
  static readonly responseSchema = Price;

  *events() {
    yield { price: 1 };
  }
}

@Module({ imports: [SseModule.forRoot()], controllers: [PricesView] })
export class AppModule {}
