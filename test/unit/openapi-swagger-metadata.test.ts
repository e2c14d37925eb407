import {
  ApiExtension,
  ApiExtraModels,
  ApiHeader,
  ApiOkResponse,
  ApiProduces,
  ApiProperty,
  ApiQuery,
  ApiSchema,
} from '@nestjs/swagger';
import * as keys from '../../src/event/swagger-metadata';

class Model {
  name!: string;
}

class Controller {
  @ApiOkResponse({ description: 'fine', type: [Model] })
  @ApiQuery({ name: 'q', required: false })
  @ApiHeader({ name: 'h', description: 'a header' })
  @ApiExtraModels(Model)
  @ApiProduces('text/event-stream')
  method(): void {}
}

const of = (key: string, target: object = Controller.prototype.method): unknown => Reflect.getMetadata(key, target);

/* The library writes what these decorators write. Where one of these fails, `@nestjs/swagger` writes something else now. */
describe('the metadata of @nestjs/swagger', () => {
  it('has the responses of a method by their status', () => {
    expect(of(keys.API_RESPONSE)).toEqual({ 200: { description: 'fine', type: Model, isArray: true } });
  });

  it('has the parameters of a method in one list, headers too', () => {
    expect(of(keys.API_PARAMETERS)).toEqual([
      { name: 'h', in: 'header', description: 'a header', schema: { type: 'string' } },
      { name: 'q', in: 'query', required: false },
    ]);
  });

  it('has the headers of a controller', () => {
    @ApiHeader({ name: 'h' })
    class WithHeader {
      name!: string;
    }
    expect(of(keys.API_HEADERS, WithHeader)).toEqual([{ name: 'h', in: 'header', schema: { type: 'string' } }]);
  });

  it('has extra models and media types', () => {
    expect(of(keys.API_EXTRA_MODELS)).toEqual([Model]);
    expect(of(keys.API_PRODUCES)).toEqual(['text/event-stream']);
  });

  it('has the keywords and the name of a class’s schema', () => {
    @ApiExtension('x-kept', { a: 1 })
    @ApiSchema({ name: 'Renamed' })
    class Named {
      name!: string;
    }
    expect(of(keys.API_EXTENSION, Named)).toEqual({ 'x-kept': { a: 1 } });
    expect(of(keys.API_SCHEMA, Named)).toEqual([{ name: 'Renamed' }]);
    expect(keys.componentName(Named)).toBe('Renamed');
    expect(keys.componentName(class Plain extends Named {})).toBe('Plain');
  });

  it('has the properties of a class, and what describeModel() writes is of the same form', () => {
    class ByDecorator {
      @ApiProperty({ type: () => Model, required: false })
      model!: Model;
    }
    class Described {
      model!: Model;
    }
    keys.describeModel(Described, { model: { type: () => Model, required: false } });
    for (const { prototype } of [ByDecorator, Described]) {
      expect(Reflect.getMetadata(keys.API_MODEL_PROPERTIES_ARRAY, prototype)).toEqual([':model']);
      const property = Reflect.getMetadata(keys.API_MODEL_PROPERTIES, prototype, 'model') as keys.ModelProperty;
      expect(property).toEqual({ type: expect.any(Function), required: false, isArray: false });
      // By this name `@nestjs/swagger` knows a function to a class from a class.
      expect((property.type as Function).name).toBe('type');
    }
    expect(Object.keys(keys.describedProperties(ByDecorator))).toEqual(['model']);
  });
});
