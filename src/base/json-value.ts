/** What JSON can say, as a type. @module */

/** A JSON value. Objects that the parser makes have no prototype: `value.constructor` is a member or nothing. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

/** A JSON object; read own members only. */
export type JsonObject = { [name: string]: Json };
