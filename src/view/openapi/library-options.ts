import { arktypeFallback } from './arktype-parts';
import type { ConversionReport } from './conversion-report';
import {
  overrideValibotAction,
  overrideValibotSchema,
  type ValibotActionPart,
  type ValibotSchemaPart,
} from './valibot-parts';
import { overrideZod, type ZodPart } from './zod-parts';

/** Each library's own way to go on at what JSON Schema cannot express: the part is what `JSON.stringify` makes of it. */
export function libraryOptions(vendor: string, report: ConversionReport): Record<string, unknown> | undefined {
  switch (vendor) {
    case 'zod':
      return { unrepresentable: 'any', override: (part: ZodPart) => overrideZod(part, report) };
    case 'arktype':
      return { fallback: arktypeFallback(report) };
    case 'valibot':
      return {
        errorMode: 'ignore',
        overrideSchema: (part: ValibotSchemaPart) => overrideValibotSchema(part, report),
        overrideAction: (part: ValibotActionPart) => overrideValibotAction(part, report),
      };
    default:
      return undefined;
  }
}
