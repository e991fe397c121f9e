import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import { defineConfig, globalIgnores } from "eslint/config";
import ts from "typescript-eslint";

export default defineConfig(
  globalIgnores(["dist", "src/api/schema.d.ts"]),
  {
    files: ["**/*.{ts,tsx}"],
    extends: [js.configs.recommended, ts.configs.strict, hooks.configs.flat.recommended],
  },
  {
    files: ["src/chapters/*/**"],
    rules: {
      // A chapter is entered through its index; what is inside belongs to it alone.
      "no-restricted-imports": ["error", { patterns: ["**/chapters/*/*", "../../chapters/*/*"] }],
    },
  },
);
