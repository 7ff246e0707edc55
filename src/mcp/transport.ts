/**
 * MCP transports by their structure, so that those of any version of the SDK fit, and no type of theirs is needed.
 *
 * @module
 */

/** Id of a JSON-RPC request. */
export type RequestId = string | number;

/** Headers of an HTTP request, names in lower case. */
export type McpHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** What a server's transport tells of a message besides its text. */
export interface McpExtra {
  /** What the middleware in front of it found. */
  readonly authInfo?: { readonly token: string; readonly extra?: object | undefined } | undefined;
  /** The HTTP request, in the 1.x line of the SDK. */
  readonly requestInfo?:
    | { readonly headers: McpHeaders; readonly url?: URL | undefined }
    | undefined;
  /** The HTTP request, in the 2.x line. */
  readonly request?: Request | undefined;
}

/** How a message is to go out; a transport's further options pass through. */
export interface McpSendOptions {
  /** The client's request that it belongs to. */
  readonly relatedRequestId?: RequestId | undefined;
  /** Where a stream that broke is to be taken up. */
  readonly resumptionToken?: string | undefined;
}

/** How messages are taken: as a method, so that handlers that take narrower messages fit. */
interface Taking {
  take(message: object, extra?: McpExtra): void;
}

/** One side's end of a connection. */
export interface McpTransport {
  /** Begins to take messages; the SDK calls it. */
  start(): Promise<void>;
  /** Sends one JSON-RPC message. */
  send(message: object, options?: McpSendOptions): Promise<void>;
  /** Ends the connection. */
  close(): Promise<void>;
  /** Told when it has ended. */
  onclose?: (() => void) | undefined;
  /** Told of what goes wrong beside a message. */
  onerror?: ((error: Error) => void) | undefined;
  /** Told of each message that comes in. */
  onmessage?: Taking["take"] | undefined;
  /** Id of the protocol session, where the transport has them. */
  sessionId?: string | undefined;
  /** Told which version of the protocol both sides agreed on. */
  setProtocolVersion?: ((version: string) => void) | undefined;
  /** Told which versions this side speaks; the 2.x line calls it. */
  setSupportedProtocolVersions?: ((versions: string[]) => void) | undefined;
  /** Whether each request has a stream of its own, which ends when the request is cancelled. */
  readonly hasPerRequestStream?: boolean;
}
