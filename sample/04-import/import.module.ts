import { Module } from '@nestjs/common';
import { ImportController } from './import.controller';
import { ProductImporter } from './product-importer';

@Module({ controllers: [ImportController], providers: [ProductImporter] })
export class ImportModule {}
