import { Module } from '@nestjs/common';
import { ParcelTracker } from './parcel-tracker';
import { ParcelsView } from './parcels.view';

@Module({ controllers: [ParcelsView], providers: [ParcelTracker] })
export class ParcelsModule {}
