import type { paths } from "../../api/schema";
import { pathOf, type Params } from "../api";
import type { Verb } from "../types";

/** A call that would change something, as data: buttons make it, the plan dialog asks, shows and sends it. */
export interface ChangeCall {
  /** What the person wants, as a heading: "Disable repository". */
  title: string;
  verb: Verb;
  /** Below the API's base, variables filled in. */
  path: string;
  params: Params;
  /**
   * Most changes are left to a task in the background. Some are waited for, because their answer is given only once or
   * because they mean this very session; an act has neither a task nor a plan that one could hold it to.
   */
  how?: "waited" | "act";
  /** What the answer to one that is waited for says and nobody will say again, as the secret of a new token. */
  reveals?: (answer: unknown) => Revealed[];
}

export interface Revealed {
  label: string;
  value: string;
}

type Changing = "post" | "put" | "delete";

/** The paths that understand this verb. */
type PathsOf<V extends Changing> = {
  [Path in keyof paths]: paths[Path] extends Record<V, object> ? Path : never;
}[keyof paths];

/** What the plan dialog says itself. */
type OfTheDialog = "dry-run" | "accept" | "plan" | "background" | "confirm-within";

type Operation<V extends Changing, Path extends keyof paths> = NonNullable<paths[Path][V]>;

type Variables<Op> = Op extends { parameters: { path: infer Names } } ? Names : Record<never, never>;

type Given<Op> = Op extends { requestBody?: { content: { "application/json": infer Body } } }
  ? Omit<Body, OfTheDialog>
  : Op extends { parameters: { query?: infer Query } }
    ? Omit<NonNullable<Query>, OfTheDialog>
    : never;

/** A call of a method of the API that changes something: the compiler knows its parameters from the document. */
export function change<V extends Changing, Path extends PathsOf<V>>(
  title: string,
  verb: V,
  path: Path,
  variables: Variables<Operation<V, Path>>,
  params: Given<Operation<V, Path>>,
): ChangeCall {
  return {
    title,
    verb: verb.toUpperCase() as Verb,
    path: pathOf(path, variables as Record<string, string | number>),
    params: params as Params,
  };
}
