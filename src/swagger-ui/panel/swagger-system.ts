import type { Fetch } from './stream-request';

/** What React renders. */
export type Node = unknown;

export interface Ref<T> {
  current: T;
}

/** What is used of the React that Swagger UI brings. */
export interface React {
  createElement(type: unknown, props: object | null, ...children: Node[]): Node;
  memo<P>(component: (props: P) => Node): (props: P) => Node;
  useEffect(effect: () => (() => void) | void, dependencies?: readonly unknown[]): void;
  useLayoutEffect(effect: () => (() => void) | void, dependencies?: readonly unknown[]): void;
  useReducer<S>(reducer: (state: S) => S, initial: S): [state: S, dispatch: () => void];
  useRef<T>(initial: T): Ref<T>;
}

/** What is used of Swagger UI's system. */
export interface System {
  readonly React: React;
}

/** What Swagger UI executes: one request of one operation. */
export interface ExecuteRequest {
  readonly pathName: string;
  readonly method: string;
  readonly userFetch?: Fetch;
}

type Action<A extends unknown[]> = (original: (...args: A) => unknown) => (...args: A) => unknown;

/** What is used of a plugin of Swagger UI. */
export interface Plugin {
  readonly statePlugins: {
    readonly spec: {
      readonly wrapActions: {
        readonly executeRequest: Action<[request: ExecuteRequest]>;
        readonly setResponse: Action<[path: string, method: string, response: { readonly text?: unknown } | undefined]>;
        readonly clearResponse: Action<[path: string, method: string]>;
      };
    };
  };
  readonly wrapComponents: {
    readonly responseBody: (original: unknown) => (props: ResponseBodyProps) => Node;
    readonly operation: (original: unknown) => (props: OperationProps) => Node;
  };
}

export interface ResponseBodyProps {
  readonly content: unknown;
}

export interface OperationProps {
  readonly operation: { get(name: string): unknown };
}
