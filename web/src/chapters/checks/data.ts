import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../kit/api";
import { LEVELS } from "../../kit/Level";
import type { ChangeCall } from "../../kit/plan/change";
import type { Finding, Fix, Level, Verb } from "../../kit/types";

export function useFindings(node: string) {
  return useQuery({
    queryKey: ["node", node, "checks"],
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/nodes/{node}/checks", { params: { path: { node } }, signal }))).data,
  });
}

export function byLevel(findings: Finding[]): { level: Level; findings: Finding[] }[] {
  return LEVELS.map((level) => ({
    level,
    findings: findings.filter((finding) => finding.level === level),
  })).filter((group) => group.findings.length > 0);
}

export function fixOf({ label, verb, path, params }: Fix): ChangeCall {
  return {
    title: label,
    verb: verb.toUpperCase() as Verb,
    path: path.replace(/^\/api2\/json/, ""),
    params,
  };
}
