// The changes of this chapter: each is a call that the plan dialog first asks about.

import { change, type ChangeCall } from "../../kit/plan/change";
import type { AclEntry } from "../../kit/types";

/** What can be said about a user. */
export interface UserFields {
  firstname: string;
  lastname: string;
  email: string;
  comment: string;
  enable: boolean;
  /** Seconds since 1970; 0 for never. */
  expire: number;
  groups: string[];
}

function userParams({ enable, groups, ...fields }: UserFields) {
  return { ...fields, enable: bit(enable), groups: groups.join(",") };
}

export function addUser(userid: string, fields: UserFields): ChangeCall {
  return change("Add user", "post", "/access/users", {}, { userid, ...userParams(fields) });
}

export function changeUser(userid: string, fields: UserFields): ChangeCall {
  return change(`Change ${userid}`, "put", "/access/users/{userid}", { userid }, userParams(fields));
}

export function enableUser(userid: string, on: boolean): ChangeCall {
  const title = on ? `Let ${userid} log in` : `Lock ${userid} out`;
  return change(title, "put", "/access/users/{userid}", { userid }, { enable: bit(on) });
}

export function removeUser(userid: string): ChangeCall {
  return change(`Remove ${userid}`, "delete", "/access/users/{userid}", { userid }, {});
}

export function addGroup(groupid: string, comment: string): ChangeCall {
  return change("Add group", "post", "/access/groups", {}, { groupid, comment });
}

export function changeGroup(groupid: string, comment: string): ChangeCall {
  return change(`Change group ${groupid}`, "put", "/access/groups/{groupid}", { groupid }, { comment });
}

export function removeGroup(groupid: string): ChangeCall {
  return change(`Remove group ${groupid}`, "delete", "/access/groups/{groupid}", { groupid }, {});
}

export function addRole(roleid: string, privs: string[]): ChangeCall {
  return change("Add role", "post", "/access/roles", {}, { roleid, privs: privs.join(",") });
}

export function changeRole(roleid: string, privs: string[]): ChangeCall {
  const title = `Change role ${roleid}`;
  return change(title, "put", "/access/roles/{roleid}", { roleid }, { privs: privs.join(",") });
}

export function removeRole(roleid: string): ChangeCall {
  return change(`Remove role ${roleid}`, "delete", "/access/roles/{roleid}", { roleid }, {});
}

export type AclWanted = Omit<AclEntry, "type" | "propagate"> & {
  type: "user" | "group" | "token";
  propagate: boolean;
};

function aclParams({ path, type, ugid, roleid }: AclWanted) {
  return { path, roles: roleid, [`${type}s`]: ugid };
}

export function addAcl(entry: AclWanted): ChangeCall {
  const params = { ...aclParams(entry), propagate: bit(entry.propagate) };
  return change("Give a role", "put", "/access/acl", {}, params);
}

export function removeAcl(entry: AclWanted): ChangeCall {
  return change("Take a role away", "put", "/access/acl", {}, { ...aclParams(entry), delete: 1 });
}

export interface TokenFields {
  comment: string;
  expire: number;
  privsep: boolean;
}

const TOKEN = "/access/users/{userid}/token/{tokenid}";

/** The secret is in the answer, one time. */
export function addToken(userid: string, tokenid: string, fields: TokenFields): ChangeCall {
  const params = { ...fields, privsep: bit(fields.privsep) };
  return {
    ...change("Make an API token", "post", TOKEN, { userid, tokenid }, params),
    how: "waited",
    reveals: (answer) => {
      const made = answer as { "full-tokenid": string; value: string };
      return [
        { label: "Token", value: made["full-tokenid"] },
        { label: "Secret", value: made.value },
      ];
    },
  };
}

export function changeToken(userid: string, tokenid: string, fields: TokenFields): ChangeCall {
  const params = { ...fields, privsep: bit(fields.privsep) };
  return change(`Change token ${userid}!${tokenid}`, "put", TOKEN, { userid, tokenid }, params);
}

export function removeToken(userid: string, tokenid: string): ChangeCall {
  return change(`Remove token ${userid}!${tokenid}`, "delete", TOKEN, { userid, tokenid }, {});
}

/** The answer decides which sessions stay: it must be this very session that asks. */
export function changePassword(userid: string, password: string, present: string): ChangeCall {
  const params = { userid, password, "confirmation-password": present || undefined };
  return {
    ...change(`Change the password of ${userid}`, "put", "/access/password", {}, params),
    how: "waited",
  };
}

export interface NewTotp {
  /** The `otpauth://` address that the app got. */
  totp: string;
  description: string;
  /** A code that the app shows. */
  value: string;
  /** That of whoever is logged in. */
  password?: string;
}

const FACTORS = "/access/tfa/{userid}";

export function addTotp(userid: string, factor: NewTotp): ChangeCall {
  const params = { type: "totp" as const, ...factor };
  return { ...change("Add an authenticator app", "post", FACTORS, { userid }, params), how: "waited" };
}

export interface NewKey {
  description: string;
  /** What the key was asked to sign. */
  challenge: string;
  /** What the browser brought from it. */
  value: string;
  /** That of whoever is logged in. */
  password?: string;
}

export function addKey(userid: string, factor: NewKey): ChangeCall {
  const params = { type: "webauthn" as const, ...factor };
  return { ...change("Add a security key", "post", FACTORS, { userid }, params), how: "waited" };
}

export function addRecovery(userid: string, password?: string): ChangeCall {
  return {
    ...change("Make recovery keys", "post", FACTORS, { userid }, { type: "recovery", password }),
    how: "waited",
    reveals: (answer) => {
      const { recovery } = answer as { recovery?: string[] };
      return [{ label: "Recovery keys, each for one login", value: (recovery ?? []).join("\n") }];
    },
  };
}

export function changeFactor(userid: string, id: string, on: boolean, password?: string): ChangeCall {
  const title = on ? "Switch a second factor on" : "Switch a second factor off";
  return change(title, "put", `${FACTORS}/{id}`, { userid, id }, { enable: bit(on), password });
}

export function removeFactor(userid: string, id: string, password?: string): ChangeCall {
  return change("Remove a second factor", "delete", `${FACTORS}/{id}`, { userid, id }, { password });
}

export function changeRealm(realm: string, comment: string, isDefault: boolean): ChangeCall {
  const params = { comment, default: bit(isDefault) };
  return change(`Change realm ${realm}`, "put", "/access/domains/{realm}", { realm }, params);
}

function bit(on: boolean): 0 | 1 {
  return on ? 1 : 0;
}
