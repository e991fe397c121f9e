import { Alert, Button, List, ListItem, Title } from "@patternfly/react-core";
import CheckCircleIcon from "@patternfly/react-icons/dist/esm/icons/check-circle-icon";
import type { ReactNode } from "react";
import { bytes, count } from "../../kit/format";
import { Loaded, Nothing } from "../../kit/states";
import { usePreview, type Preview, type Update } from "./data";
import { UpdateTable } from "./UpdateTable";

interface Handlers {
  onChangelog: (update: Update) => void;
  onInstall: () => void;
}

/** What an upgrade would do, and below everything that is said about it the button that does it. */
export function PreviewTab({ node, ...handlers }: { node: string } & Handlers) {
  const preview = usePreview(node);
  return (
    <Loaded query={preview} what="what an upgrade would do">
      {(found) => <Contents preview={found} {...handlers} />}
    </Loaded>
  );
}

function Contents({ preview, onChangelog, onInstall }: { preview: Preview } & Handlers) {
  const { changes, removals, kept, configuration, kernels, stale } = preview;
  const short = preview["short-of-space"];
  const isEmpty = changes.length === 0 && removals.length === 0;
  return (
    <div className="ik-stack">
      {isEmpty ? (
        <Nothing title="An upgrade would change nothing" icon={CheckCircleIcon} />
      ) : (
        <p>
          <strong>{summary(preview)}</strong> {sizes(preview)}
        </p>
      )}
      {short.length > 0 && (
        <Alert isInline variant="danger" title="There is too little space">
          <Words
            words={short.map(
              ({ mount, needed, free }) => `${mount}: ${bytes(needed)} are needed, ${bytes(free)} are free`,
            )}
          />
        </Alert>
      )}
      <Reasons title="This host has to be restarted already" reasons={preview["reboot-now"]} />
      <Reasons title="This host has to be restarted afterwards" reasons={preview["reboot-after"]} />
      {!isEmpty && (
        <div className="ik-actions">
          <Button isDisabled={short.length > 0} onClick={onInstall}>
            Install {count(changes.length, "update")}
          </Button>
        </div>
      )}
      <Part title="Removed" shown={removals.length > 0}>
        <Words words={removals.map(({ Package: name, Version: version }) => `${name} ${version}`)} />
      </Part>
      <Part title="Changed" shown={changes.length > 0}>
        <UpdateTable label="Packages that change" updates={changes} onChangelog={onChangelog} />
      </Part>
      <Part title="Kept as they are" shown={kept.length > 0}>
        <UpdateTable label="Packages that stay" updates={kept} onChangelog={onChangelog} />
      </Part>
      <Part
        title="Configuration files that were changed here"
        about="They stay as they are; the new versions are put beside them as *.dpkg-dist."
        shown={configuration.length > 0}
      >
        <Words words={configuration} />
      </Part>
      <Part title="Kernels" shown={kernels.length > 0 || preview.pins.length > 0}>
        <Kernels preview={preview} />
      </Part>
      <Part title="Services that restart" shown={preview.restarts.length > 0}>
        <Words words={preview.restarts} />
      </Part>
      <Part
        title="Services that run replaced code now"
        about="Their files were replaced on disk earlier: they run what was there before until they are restarted."
        shown={stale.length > 0}
      >
        <Words words={stale.map(({ unit, pids }) => unit || `processes of no unit: ${pids.join(", ")}`)} />
      </Part>
    </div>
  );
}

/** "3 upgraded, 1 new, 1 removed, 2 stay as they are." */
export function summary({ changes, removals, kept }: Preview): string {
  const of = (action: Update["Action"]) => changes.filter(({ Action }) => Action === action).length;
  const parts: [number, string][] = [
    [of("upgrade"), "upgraded"],
    [of("install"), "new"],
    [of("downgrade"), "downgraded"],
    [removals.length, "removed"],
    [kept.length, kept.length === 1 ? "stays as it is" : "stay as they are"],
  ];
  const said = parts.filter(([number]) => number > 0).map(([number, word]) => `${number} ${word}`);
  return `${said.join(", ")}.`;
}

function sizes({ download, disk }: Preview): string {
  const fetched = download > 0 ? `${bytes(download)} to download` : "Nothing to download";
  return `${fetched}; on disk ${bytes(Math.abs(disk))} ${disk < 0 ? "less" : "more"}.`;
}

function Kernels({ preview }: { preview: Preview }) {
  const { kernels, dkms, pins } = preview;
  const partitions = preview["unchecked-partitions"];
  return (
    <>
      {kernels.length > 0 && <p>New: {kernels.join(", ")}</p>}
      {dkms.length > 0 && (
        <p>
          DKMS builds these modules for it: {dkms.join(", ")}. Where that fails they are missing after a
          restart.
        </p>
      )}
      <Words
        words={pins.map(({ path, what, kind }) =>
          kind === "packages" ? `${path} pins ${what}` : `${path} has kernel ${what} started`,
        )}
      />
      {partitions.length > 0 && (
        <p>
          Whether there is room on these EFI system partitions cannot be told, as they are not mounted:{" "}
          {partitions.join(", ")}
        </p>
      )}
    </>
  );
}

function Reasons({ title, reasons }: { title: string; reasons: Preview["reboot-now"] }) {
  if (reasons.length === 0) return null;
  return (
    <Alert isInline variant="warning" title={title}>
      <Words words={reasons.map(({ message }) => message)} />
    </Alert>
  );
}

function Part({
  title,
  about,
  shown,
  children,
}: {
  title: string;
  about?: string;
  shown: boolean;
  children: ReactNode;
}) {
  if (!shown) return null;
  return (
    <section className="ik-stack ik-stack--tight" aria-label={title}>
      <Title headingLevel="h2" size="md">
        {title}
      </Title>
      {about && <p>{about}</p>}
      {children}
    </section>
  );
}

function Words({ words }: { words: readonly string[] }) {
  if (words.length === 0) return null;
  return (
    <List>
      {words.map((word) => (
        <ListItem key={word} className="ik-wrap">
          {word}
        </ListItem>
      ))}
    </List>
  );
}
