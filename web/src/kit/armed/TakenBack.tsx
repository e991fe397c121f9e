import { Alert, AlertActionCloseButton } from "@patternfly/react-core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../api";
import { Link } from "../router";
import { useArmed, type Looked } from "./data";

/** The changes that waited while this page was open and were taken back: nobody may have been there to see it. */
export function TakenBack() {
  const { data } = useArmed();
  const [seen, setSeen] = useState<readonly Looked[]>([]);
  const news = (data ?? []).filter((one) => !seen.some(({ id }) => id === one.id));
  if (news.length > 0) setSeen([...seen, ...news]);
  if (!data) return null;
  const ended = seen.filter((one) => !data.some(({ id }) => id === one.id));
  return ended.map((one) => (
    <Ended key={one.id} armed={one} onClose={() => setSeen((all) => all.filter(({ id }) => id !== one.id))} />
  ));
}

function Ended({ armed: { id, node }, onClose }: { armed: Looked; onClose: () => void }) {
  const ended = useQuery({
    queryKey: ["node", node, "ended", id],
    queryFn: async ({ signal }) => {
      const params = { path: { node, change: id } };
      return (await answer(api.GET("/nodes/{node}/changes/{change}", { params, signal }))).data;
    },
  });
  if (ended.data?.state !== "reverted") return null;
  const { what, "ended-from": from, "ended-by": by } = ended.data;
  const isDue = from === "timer" || from === "start of the machine";
  return (
    <Alert
      isInline
      isLiveRegion
      variant="info"
      title={`Change ${id} was taken back`}
      actionClose={<AlertActionCloseButton onClose={onClose} />}
    >
      <p className="ik-wrap ik-sentence">{what}</p>
      <p>{isDue ? "Nobody confirmed it in time." : `${by ?? "Somebody"} took it back.`}</p>
      <Link to={["nodes", node, "history", id]}>Show the change</Link>
    </Alert>
  );
}
