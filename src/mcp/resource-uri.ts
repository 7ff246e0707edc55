/** Names of resources that mean another place than they say, to every server that reads them as URLs. @module */

/** Segments that lead up or nowhere, also where they are encoded. */
const DOTS = /(?:^|[/\\])(?:\.|%2e){1,2}(?:[/\\?#]|$)/i;
/** What readers of URLs leave out: control characters anywhere, and spaces around. */
const LEFT_OUT = /\p{Cc}|^ | $/u;

/** Whether a name means the place that it says, so that a rule about its beginning holds. */
export function isPlain(uri: string): boolean {
  return !DOTS.test(uri) && !LEFT_OUT.test(uri);
}
