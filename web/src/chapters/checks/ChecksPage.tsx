import { Button, Card, CardBody, CardFooter, CardHeader, CardTitle, Title } from "@patternfly/react-core";
import CheckCircleIcon from "@patternfly/react-icons/dist/esm/icons/check-circle-icon";
import SyncAltIcon from "@patternfly/react-icons/dist/esm/icons/sync-alt-icon";
import { ChapterPage } from "../../kit/ChapterPage";
import { LevelLabel } from "../../kit/Level";
import { usePropose } from "../../kit/plan/Changes";
import { useMay } from "../../kit/session";
import { Loaded, Nothing } from "../../kit/states";
import type { Finding } from "../../kit/types";
import { byLevel, fixOf, useFindings } from "./data";

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

function FindingCard({ finding }: { finding: Finding }) {
  const propose = usePropose();
  const mayChange = useMay("Sys.Modify");
  return (
    <Card isCompact component="article" className={`ik-finding ik-finding--${finding.level}`}>
      <CardHeader>
        <CardTitle>
          <Title headingLevel="h2" size="md">
            {finding.message}
          </Title>
        </CardTitle>
      </CardHeader>
      <CardBody className="ik-stack ik-stack--tight">
        {finding.evidence && <pre className="ik-code">{finding.evidence}</pre>}
        {finding.advice && <p>{finding.advice}</p>}
        <p className="ik-subtle ik-small ik-mono">{finding.id}</p>
      </CardBody>
      {mayChange && finding.fixes.length > 0 && (
        <CardFooter className="ik-actions">
          {finding.fixes.map((fix, index) => (
            <Button key={index} variant="secondary" size="sm" onClick={() => propose(fixOf(fix))}>
              {fix.label}
            </Button>
          ))}
        </CardFooter>
      )}
    </Card>
  );
}
