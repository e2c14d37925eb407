import { OpenStreams } from './open-streams';
import { applyStyle, onLeaving } from './page';
import { createStreamPanel } from './stream-panel';
import type { Fetch, FetchRequest } from './stream-request';
import type { Node, OperationProps, Plugin, System } from './swagger-system';

export interface PluginOptions {
  readonly concurrentStreams: number;
  readonly css: string;
}

/** The plugin for Swagger UI: "Execute" on an event stream shows its events as they arrive. */
export function createPlugin({ React }: System, { concurrentStreams, css }: PluginOptions): Plugin {
  const { createElement: h, useEffect, useRef } = React;
  const streams = new OpenStreams(concurrentStreams);
  const StreamPanel = createStreamPanel(React);
  // Swagger UI asks a plugin twice for what it has; what concerns the page is done when it is needed.
  let isOnPage = false;
  const joinPage = (): void => {
    if (!isOnPage) {
      isOnPage = true;
      applyStyle(css);
      onLeaving(() => streams.stopAll());
    }
  };

  return {
    statePlugins: {
      spec: {
        wrapActions: {
          executeRequest: (original) => (request) => {
            const operation = operationKey(request.pathName, request.method);
            const fetch = request.userFetch ?? ((url: string, init: object) => globalThis.fetch(url, init));
            streams.stop(operation);
            joinPage();
            const userFetch: Fetch = (url, init) => streams.fetch(operation, fetch, { ...init, url } as FetchRequest);
            return original({ ...request, userFetch });
          },
          setResponse: (original) => (path, method, response) => {
            const result = original(path, method, response);
            streams.keepOnly(operationKey(path, method), response?.text);
            return result;
          },
          clearResponse: (original) => (path, method) => {
            const result = original(path, method);
            streams.keepOnly(operationKey(path, method));
            return result;
          },
        },
      },
    },
    wrapComponents: {
      responseBody: once((Original) => (props) => {
        const stream = streams.of(props.content);
        return stream ? h(StreamPanel, { key: props.content, stream }) : h(Original, props);
      }),
      operation: once(
        (Original) =>
          function StreamingOperation(props: OperationProps): Node {
            const { operation } = props;
            const key = operationKey(operation.get('path'), operation.get('method'));
            const isTried = Boolean(operation.get('isShown') && operation.get('tryItOutEnabled'));
            const wasTried = useRef(isTried);
            useEffect(() => {
              if (wasTried.current && !isTried) {
                streams.stop(key);
              }
              wasTried.current = isTried;
            }, [key, isTried]);
            useEffect(() => () => streams.stop(key), [key]);
            return h(Original, props);
          },
      ),
    },
  };
}

function operationKey(path: unknown, method: unknown): string {
  return `${String(method)} ${String(path)}`;
}

/** Swagger UI wraps a component again whenever it is asked for; React must see one and the same. */
function once<T>(wrap: (original: unknown) => T): (original: unknown) => T {
  const made = new Map<unknown, T>();
  return (original) => {
    const wrapped = made.get(original) ?? wrap(original);
    made.set(original, wrapped);
    return wrapped;
  };
}
