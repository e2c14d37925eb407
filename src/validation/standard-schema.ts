/**
 * The part of the Standard Schema interface (version 1) that is used here, structurally: a schema of any library that
 * implements it fits.
 *
 * @see https://standardschema.dev/schema
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    /** Name of the library. */
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    /** Exists for the compiler only. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
    /** @see https://standardschema.dev/json-schema */
    readonly jsonSchema?:
      | {
          readonly output: (options: {
            readonly target: string;
            readonly libraryOptions?: Record<string, unknown> | undefined;
          }) => Record<string, unknown>;
        }
      | undefined;
  };
}

/** What a Standard Schema answers: the output, or what is wrong. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | {
      readonly issues: readonly {
        readonly message: string;
        readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
      }[];
    };
