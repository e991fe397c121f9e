import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  build: {
    // A data: URL in a style sheet would need `font-src data:` in the content security policy.
    assetsInlineLimit: 0,
    // The polyfill is an inline script, which the policy forbids; every browser we support preloads modules itself.
    modulePreload: { polyfill: false },
    target: "es2022",
    // Browsers of the last two years: older ones would need every style rule twice.
    cssTarget: ["chrome123", "firefox121", "safari17.5"],
    chunkSizeWarningLimit: 1000,
  },
  server: {
    proxy: { "/api2": { target: process.env.INNKEEPER_URL ?? "https://127.0.0.1:8006", secure: false } },
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test/setup.ts"],
    css: false,
    // A test ends when its work is done, however busy the machine is; this catches one that waits for nothing.
    testTimeout: 30_000,
    server: { deps: { inline: [/@patternfly/] } },
  },
});
