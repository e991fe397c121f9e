// What every file of tests stands on: the program on a tree of its own, a browser, and root's session in it.

import { after, before } from "node:test";
import { enterAs, launch, openPage } from "./browser.mjs";
import { makeTree, serve } from "./server.mjs";

/** Set up before the tests of a file and taken down after them. `files` come besides those that every tree has. */
export function stage(home, files = {}) {
  const stage = {
    tree: undefined,
    server: undefined,
    browser: undefined,
    storageState: undefined,

    /** The whole address of a page below `home`. */
    at: (address) => `${stage.server.url}/#/${home}/${address}`,

    /** Opens a page below `home` as root, or as whoever else `options` bring a session of. */
    async enter(address, options = {}) {
      const { browser, server, storageState } = stage;
      const opened = await openPage(browser, server.url, { storageState, ...options });
      await opened.page.goto(stage.at(address));
      await opened.page.getByRole("heading", { level: 1 }).waitFor();
      return opened;
    },
  };

  before(async () => {
    stage.tree = await makeTree(files);
    stage.server = await serve(stage.tree);
    stage.browser = await launch();
    stage.storageState = await enterAs(stage.browser, stage.server);
  });

  after(async () => {
    await stage.browser?.close();
    await stage.server?.stop();
    await stage.tree?.remove();
  });

  return stage;
}
