import { Button } from "@patternfly/react-core";
import CheckCircleIcon from "@patternfly/react-icons/dist/esm/icons/check-circle-icon";
import SyncAltIcon from "@patternfly/react-icons/dist/esm/icons/sync-alt-icon";
import { ChapterPage } from "../../kit/ChapterPage";
import { LevelLabel } from "../../kit/Level";
import { Loaded, Nothing } from "../../kit/states";
import { byLevel, useFindings } from "./data";
import { FindingCard } from "./FindingCard";

export function ChecksPage({ node }: { node: string }) {
  const findings = useFindings(node);
  return (
    <ChapterPage
      title="Health checks"
      node={node}
      help={{ guide: "checks" }}
      intro="What this host says about itself at rest, worst first, and what to do about it."
      actions={
        <Button
          variant="secondary"
          icon={<SyncAltIcon />}
          isLoading={findings.isFetching}
          isDisabled={findings.isFetching}
          onClick={() => void findings.refetch()}
        >
          Check again
        </Button>
      }
    >
      <Loaded query={findings} what="the findings">
        {(list) =>
          list.length === 0 ? (
            <Nothing title="Nothing to report" icon={CheckCircleIcon}>
              Every check has run and found nothing wrong.
            </Nothing>
          ) : (
            <div className="ik-stack ik-stack--wide">
              {byLevel(list).map(({ level, findings: group }) => (
                <section key={level} className="ik-stack ik-stack--tight" aria-label={`Findings: ${level}`}>
                  <div>
                    <LevelLabel level={level} count={group.length} />
                  </div>
                  {group.map((finding, index) => (
                    <FindingCard key={`${finding.id} ${index}`} finding={finding} />
                  ))}
                </section>
              ))}
            </div>
          )
        }
      </Loaded>
    </ChapterPage>
  );
}
