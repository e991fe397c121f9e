import { InterfacesPage } from "./InterfacesPage";
import { RecipesPage } from "./RecipesPage";

/** The interfaces, and below them whole set-ups of them. */
export function NetworkPages({ node, rest: [below] }: { node: string; rest: string[] }) {
  return below === "set-ups" ? <RecipesPage node={node} /> : <InterfacesPage node={node} />;
}
