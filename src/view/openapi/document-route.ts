import type { ResolvedRoute } from '../../config/resolve-options';
export function documentRoute(_handler: Function, _route: ResolvedRoute): void {}
