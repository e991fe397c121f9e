// The nouns of the REST API, as this program's pages use them.

/** Booleans in answers are 1 and 0. */
export type Bit = 0 | 1;

export type Severity = "notice" | "warning" | "danger";
export type Level = "good" | "info" | "advice" | "warning" | "critical";
export type ChangeState = "running" | "done" | "failed" | "rolled-back" | "interrupted" | "undone";
export type Verb = "GET" | "POST" | "PUT" | "DELETE";

export interface Session {
  username: string;
  CSRFPreventionToken: string;
  cap?: Record<string, Record<string, Bit>>;
  clustername?: string;
}

export interface Realm {
  realm: string;
  type: string;
  comment?: string;
  default?: Bit;
}

export interface Version {
  version: string;
  release: string;
  repoid: string;
  innkeeper: string;
}

export interface Node {
  node: string;
  status: string;
  type: string;
  id: string;
  level?: string;
}

export interface Task {
  upid: string;
  node: string;
  pid: number;
  pstart: number;
  starttime: number;
  type: string;
  id: string;
  user: string;
  tokenid?: string;
  endtime?: number;
  status?: string;
}

export interface Progress {
  done: number;
  total: number;
  what: string;
}

export interface TaskStatus extends Task {
  status: "running" | "stopped";
  exitstatus?: string;
  progress?: Progress;
}

export interface LogLine {
  n: number;
  t: string;
}

export interface Hazard {
  id: string;
  severity: Severity;
  message: string;
  avoid: string;
}

export interface PlanStep {
  what: string;
  detail: string;
}

export interface Plan {
  summary: string;
  empty: Bit;
  steps: PlanStep[];
  hazards: Hazard[];
  diff: string;
  command: string;
  reversible: Bit;
  irreversible?: string;
  fingerprint: string;
}

export interface Entry {
  id: number;
  time: number;
  user: string;
  origin: string;
  verb: string;
  path: string;
  command: string;
  summary: string;
  upid: string;
  state: ChangeState;
  touched: string[];
  error?: string;
  "undone-by"?: number;
  undoes?: number;
}

export interface EntryStep {
  what: string;
  detail: string;
  state: "pending" | "started" | "done" | "failed" | "taken-back";
  error?: string;
}

export interface EntryFile {
  path: string;
  diff: string;
  now: "old" | "new" | "other" | "unknown";
}

export interface EntryDetail extends Entry {
  params: Record<string, string>;
  steps: EntryStep[];
  files: EntryFile[];
}

export interface Verification {
  events: number;
  changes: number;
  head: string;
}

export interface Fix {
  label: string;
  verb: string;
  path: string;
  params: Record<string, unknown>;
}

export interface Finding {
  id: string;
  level: Level;
  message: string;
  evidence: string;
  advice: string;
  fixes: Fix[];
  area: string;
}

export interface Repository {
  Types: string[];
  URIs: string[];
  Suites: string[];
  Components?: string[];
  Options?: { Key: string; Values: string[] }[];
  Comment?: string;
  FileType: "list" | "sources";
  Enabled: Bit;
  line: number;
}

export interface RepositoryFile {
  path: string;
  "file-type": "list" | "sources";
  digest: number[];
  editable: Bit;
  repositories: Repository[];
}

export interface RepositoryInfo {
  path: string;
  index: number;
  property?: string;
  kind: string;
  message: string;
}

export interface StandardRepository {
  handle: string;
  name: string;
  description: string;
  status?: Bit;
}

export interface KeyInfo {
  fingerprint: string;
  subkey?: string;
  "user-ids": string[];
  created: number;
  expires?: number;
  revoked: Bit;
  keyring: string;
}

export interface Signature {
  path: string;
  index: number;
  uri: string;
  suite: string;
  keyrings: string[];
  "keyring-exists": Bit;
  "keyring-errors"?: string[];
  "signed-by": string[];
  keys: KeyInfo[];
  matches?: Bit;
}

export interface RepositoryStatus {
  level: Level;
  state: "ok" | "no-sub" | "non-production" | "no-repo";
  message: string;
  messages: { id: string; level: Level; message: string }[];
}

export interface Repositories {
  files: RepositoryFile[];
  errors: { path: string; error: string }[];
  digest: string;
  infos: RepositoryInfo[];
  "standard-repos": StandardRepository[];
  status: RepositoryStatus;
  signatures: Signature[];
}
