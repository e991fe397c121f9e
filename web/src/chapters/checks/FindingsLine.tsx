import { Link } from "../../kit/router";
import { LevelLabel } from "../../kit/Level";
import { Loaded } from "../../kit/states";
import { byLevel, useFindings } from "./data";

/** How many findings there are of each level, for the summary of a node. */
export function FindingsLine({ node }: { node: string }) {
  const findings = useFindings(node);
  return (
    <Loaded query={findings} what="the findings" rows={1}>
      {(list) => (
        <div className="ik-stack ik-stack--tight">
          {list.length === 0 ? (
            <p>The health checks have found nothing.</p>
          ) : (
            <ul className="ik-labels">
              {byLevel(list).map(({ level, findings: group }) => (
                <li key={level}>
                  <LevelLabel level={level} count={group.length} />
                </li>
              ))}
            </ul>
          )}
          <Link to={["nodes", node, "checks"]}>Show the findings</Link>
        </div>
      )}
    </Loaded>
  );
}
