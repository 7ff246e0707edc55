/** The store on Redis keeps the store contract: on one server and on a Cluster, with one partition and with several. @module */
import { afterAll, afterEach, beforeAll, describe } from "vitest";
import { storeContract } from "../contract/store-contract.js";
import { CLUSTER, type Deployment, deploymentOf, SINGLE, SINGLE_OF_FOUR } from "./deployments.js";
import { binaries } from "./servers.js";

describe.each(binaries())("$name", ({ path: binary }) => {
  describe.each([SINGLE, SINGLE_OF_FOUR, CLUSTER])("on %s", (name) => {
    let deployment: Deployment;
    beforeAll(async () => {
      deployment = await deploymentOf(name, binary);
    });
    afterEach(() => deployment.closeStores());
    afterAll(() => deployment.stop());

    storeContract("keeps the contract", (clock) => deployment.make(clock));
  });
});
