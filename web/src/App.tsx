import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { rooms } from "./chapters";
import { Login } from "./kit/login/Login";
import { REALMS } from "./kit/realms";
import { restore, useSession } from "./kit/session";
import { Shell } from "./kit/shell/Shell";
import { Problem, Waiting } from "./kit/states";

export function App() {
  const session = useSession();
  const queries = useQueryClient();
  const isOut = session.is === "out";
  useEffect(() => {
    // What one user was allowed to see is not the next one's.
    if (isOut) queries.removeQueries({ predicate: ({ queryKey }) => String(queryKey) !== String(REALMS) });
  }, [isOut, queries]);
  switch (session.is) {
    case "unknown":
      return <Waiting what="Looking for your session" />;
    case "unreachable":
      return (
        <main className="ik-pad">
          <Problem error={session.error} onRetry={() => void restore()} />
        </main>
      );
    case "out":
      return <Login why={session.why} />;
    case "in":
      return <Shell rooms={rooms} />;
  }
}
