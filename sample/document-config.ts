import { DocumentBuilder } from '@nestjs/swagger';

/** What the sample's document says of itself. */
export function documentConfig(version = '3.1.0') {
  return new DocumentBuilder()
    .setTitle('Samples of nestjs-sse-views')
    .setDescription('Every stream of the sample application, with the shape of its events.')
    .setVersion('1.0')
    .setOpenAPIVersion(version)
    .build();
}
