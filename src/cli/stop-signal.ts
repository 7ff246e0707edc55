/** When a command that serves has to end. @module */

/** Ctrl-C, and what clients send to the programs that they have started. */
export function stopSignal(interrupt: AbortSignal): AbortSignal {
  const asked = new AbortController();
  process.once("SIGTERM", () => asked.abort());
  return AbortSignal.any([interrupt, asked.signal]);
}

/** Resolves once it fires. */
export function fired(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
