// The nouns of the REST API under the names that the pages use. What they are made of stands in docs/openapi.json.

import type { components, paths } from "../api/schema";

type Schemas = components["schemas"];

/** The paths that can be read. */
export type Readable = {
  [Path in keyof paths]: paths[Path] extends { get: object } ? Path : never;
}[keyof paths];

/** What a path answers with, out of its envelope. */
export type Data<Path extends Readable> = paths[Path] extends {
  get: { responses: { 200: { content: { "application/json": { data: infer Answer } } } } };
}
  ? Answer
  : never;

export type Verb = "GET" | "POST" | "PUT" | "DELETE";

export type Session = Data<"/access/session">;
export type Nic = Data<"/nodes/{node}/nics">[number];
export type NicScheme = Data<"/nodes/{node}/nics-scheme">;
export type Realm = Data<"/access/domains">[number];

export type Task = Data<"/nodes/{node}/tasks">[number];
export type TaskStatus = Data<"/nodes/{node}/tasks/{upid}/status">;

export type Plan = Schemas["PlanView"];
export type PlanStep = Schemas["StepView"];
export type Hazard = Schemas["HazardView"];

export type Change = Data<"/nodes/{node}/history/{change}">;
export type ChangeSummary = Data<"/nodes/{node}/history">[number];
export type ChangeState = Schemas["ChangeState"];
export type ChangeStep = Schemas["ChangeStep"];
export type ChangedFile = Schemas["ChangedFile"];

export type ArmedChange = Data<"/nodes/{node}/changes">[number];
export type AuditKind = Schemas["AuditKind"];
export type AuditOutcome = Schemas["AuditOutcome"];
export type AuditEntry = Data<"/nodes/{node}/audit">[number];

export type Level = Schemas["Level"];
export type Finding = Data<"/nodes/{node}/checks">[number];
export type Fix = Schemas["Fix"];

export type Repositories = Data<"/nodes/{node}/apt/repositories">;
export type RepositoryFile = Schemas["RepositoryFile"];
export type Repository = Schemas["Repository"];
export type RepositoryInfo = Schemas["Info"];
export type RepositoryStatus = Schemas["Status"];
export type StandardRepository = Schemas["StandardRepository"];
export type Signature = Schemas["SignatureInfo"];
export type KeyInfo = Schemas["KeyInfo"];

export type UserEntry = Data<"/access/users">[number];
export type TokenEntry = Data<"/access/users/{userid}/token">[number];
export type Factor = Data<"/access/tfa/{userid}">[number];
export type SessionEntry = Data<"/access/sessions">[number];
export type GroupEntry = Data<"/access/groups">[number];
export type RoleEntry = Data<"/access/roles">[number];
export type AclEntry = Data<"/access/acl">[number];
export type Grant = Data<"/access/permissions/sources">[number];

export type Interface = Data<"/nodes/{node}/network">[number];
export type Topology = Data<"/nodes/{node}/network-topology">;
export type TopologyNode = Topology["nodes"][number];
export type Staged = Data<"/nodes/{node}/network-changes">;
export type Recipe = Data<"/nodes/{node}/network-recipes">[number];
export type RecipeParameter = Recipe["parameters"][number];
export type GuestNic = Data<"/nodes/{node}/network-forwarding">[number];
export type ChangeSet = Data<"/nodes/{node}/network-sets">[number];
export type ChangeSetDetails = Data<"/nodes/{node}/network-sets/{set}">;
export type Conflict = Schemas["Conflict"];
export type Resolver = Data<"/nodes/{node}/dns/state">;
export type Hosts = Data<"/nodes/{node}/hosts">;
export type HostsEntry = Schemas["HostsEntry"];
export type LineProblem = Schemas["LineProblem"];

export type ServiceState = Data<"/nodes/{node}/services">[number];
export type LogEntry = Data<"/nodes/{node}/log">[number];
export type Priority = NonNullable<
  NonNullable<paths["/nodes/{node}/log"]["get"]["parameters"]["query"]>["priority"]
>;
