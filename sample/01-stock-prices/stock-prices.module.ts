import { Module } from '@nestjs/common';
import { PriceFeed } from './price-feed';
import { StockPricesView } from './stock-prices.view';

@Module({ controllers: [StockPricesView], providers: [PriceFeed] })
export class StockPricesModule {}
