/** Protected resource metadata (RFC 9728): what a client reads to know where tokens for this server come from. @module */
import type { IncomingMessage, ServerResponse } from "node:http";
import { DelegationError } from "../base/error.js";
import { AAT_DETAIL_TYPE, LIMITS_DETAIL_TYPE } from "../wire/grant.js";

/** A server, as its metadata tells of it. */
export interface ProtectedResource {
  /** URL of the MCP endpoint, as clients know it: no query, no fragment. */
  readonly resource: string;
  /** Issuers whose tokens are taken. */
  readonly authorizationServers: readonly string[];
  readonly scopesSupported?: readonly string[];
  readonly name?: string;
  readonly documentation?: string;
}

/** The document (RFC 9728 §2). */
export interface ResourceMetadata {
  readonly resource: string;
  readonly authorization_servers: readonly string[];
  readonly scopes_supported?: readonly string[];
  readonly bearer_methods_supported: readonly ["header"];
  readonly resource_name?: string;
  readonly resource_documentation?: string;
  readonly authorization_details_types_supported: readonly string[];
  readonly dpop_signing_alg_values_supported: readonly string[];
  /** False: an anchor that was minted as bearer comes without proof. */
  readonly dpop_bound_access_tokens_required: false;
}

/** Algorithms that a proof may have, as challenges and metadata tell. */
export const PROOF_ALGS: readonly string[] = ["EdDSA", "Ed25519", "ES256"];

/** @throws {DelegationError} `config_invalid` for a resource that is no URL of http without query and fragment */
export function resourceMetadata(about: ProtectedResource): ResourceMetadata {
  const { resource, authorizationServers, scopesSupported, name, documentation } = about;
  metadataUrl(resource);
  return {
    resource,
    authorization_servers: [...authorizationServers],
    ...(scopesSupported === undefined ? {} : { scopes_supported: [...scopesSupported] }),
    bearer_methods_supported: ["header"],
    ...(name === undefined ? {} : { resource_name: name }),
    ...(documentation === undefined ? {} : { resource_documentation: documentation }),
    authorization_details_types_supported: [AAT_DETAIL_TYPE, LIMITS_DETAIL_TYPE],
    dpop_signing_alg_values_supported: [...PROOF_ALGS],
    dpop_bound_access_tokens_required: false,
  };
}

/**
 * Where the document stands: the well-known part goes between host and path (RFC 9728 §3.1).
 *
 * @throws {DelegationError} `config_invalid`
 */
export function metadataUrl(resource: string): string {
  const url = URL.canParse(resource) ? new URL(resource) : undefined;
  const web = url?.protocol === "https:" || url?.protocol === "http:";
  if (url === undefined || !web || /[?#]/.test(resource) || url.username !== "") {
    throw new DelegationError("config_invalid", "a resource is a URL of http without query", {
      rule: "resource",
    });
  }
  return `${url.origin}/.well-known/oauth-protected-resource${url.pathname === "/" ? "" : url.pathname}`;
}

/**
 * Serves the document at its path, to everyone; hands all else on. For the root of a server, before anything that asks for tokens.
 *
 * @throws {DelegationError} `config_invalid`
 */
export function serveResourceMetadata(
  about: ProtectedResource,
): (req: IncomingMessage, res: ServerResponse, next: () => void) => void {
  const text = JSON.stringify(resourceMetadata(about));
  const { pathname } = new URL(metadataUrl(about.resource));
  return (req, res, next) => {
    const path = (req.url ?? "").split("?", 1)[0];
    if (path !== pathname || (req.method !== "GET" && req.method !== "HEAD")) return next();
    res.writeHead(200, {
      "content-type": "application/json",
      "cache-control": "public, max-age=3600",
      "access-control-allow-origin": "*",
    });
    res.end(req.method === "HEAD" ? undefined : text);
  };
}
